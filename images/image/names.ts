import type { Wish } from './choose.ts';
import { ImageError } from './problem.ts';

/** Names as an engine compares them: `shop` is `docker.io/library/shop:latest`. */
export function sameName(a: string, b: string): boolean {
  return fullName(a) === fullName(b);
}

function fullName(name: string): string {
  const short = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
}

/**
 * The images of that name, or of the only name there is.
 * @throws ImageError when there is none, or when it cannot be told which is meant
 */
export function chooseByName<T extends { names: string[]; digest: string }>(
  images: readonly T[],
  { name }: Wish,
): T[] {
  const names = [...new Set(images.flatMap((image) => image.names))];
  const listed = names.length === 0 ? '' : ` It holds ${names.slice(0, 20).join(', ')}.`;
  if (images.length === 0) throw new ImageError('holds no image: its list of images is empty');
  if (name !== undefined) {
    const found = images.filter(
      (image) => image.digest === name || image.names.some((other) => sameName(other, name)),
    );
    if (found.length === 0)
      throw new ImageError(`holds no image of the name ${name}.${listed}`.replace(/\.$/, ''));
    return found;
  }
  const different = new Set(images.map(({ digest }) => digest)).size;
  if (different === 1) return [...images];
  // The same name several times: one image for each platform.
  if (names.length < 2 && images.every((image) => image.names.length === images[0]!.names.length))
    return [...images];
  throw new ImageError(`holds ${different} images; say which with --image.${listed}`.replace(/\.$/, ''));
}
