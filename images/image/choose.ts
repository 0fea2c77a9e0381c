import type { Archive } from './archive.ts';
import type { ImageConfig } from './config.ts';
import { fromDockerSave } from './docker-save.ts';
import type { Limits } from './limits.ts';
import { fromLayout } from './oci-layout.ts';
import { ImageError } from './problem.ts';
import type { Source } from './source.ts';

/** Which of several images is meant. */
export type Wish = {
  /** A name as `docker` has it, or undefined: the only one. */
  name: string | undefined;
  /** `linux/arm64`, or undefined: linux/amd64, or the only one there is. */
  platform: string | undefined;
};

/** One layer as it lies in the archive. */
export type LayerBlob = {
  source: Source;
  /** Of the blob as it lies there; undefined where the archive does not tell. */
  digest: string | undefined;
};

/** The image that was meant, before its layers are read. */
export type ChosenImage = {
  names: readonly string[];
  /** `docker save` of an older engine has no manifest. */
  manifestDigest: string | undefined;
  configDigest: string;
  config: ImageConfig;
  layers: readonly LayerBlob[];
};

/**
 * Finds the image that is meant in an OCI layout or in what `docker save` writes.
 * @throws ImageError when it is not there, when it cannot be told which is meant, or when a digest is wrong
 */
export async function chooseImage(archive: Archive, wish: Wish, limits: Limits): Promise<ChosenImage> {
  // What newer engines save is both; the layout tells the digests of layers, too.
  const index = await archive.get('index.json');
  if (index !== undefined) return checked(await fromLayout(archive, index, wish, limits), limits);
  const list = await archive.get('manifest.json');
  if (list !== undefined) return checked(await fromDockerSave(archive, list, wish, limits), limits);
  throw new ImageError(
    'holds no image: neither index.json of an OCI layout nor manifest.json of docker save is in it',
  );
}

function checked(image: ChosenImage, limits: Limits): ChosenImage {
  const [there, told] = [image.layers.length, image.config.diffIds.length];
  if (there > limits.layers)
    throw new ImageError(`is refused: it has ${there} layers, more than ${limits.layers}`);
  if (there !== told)
    throw new ImageError(`is damaged: it has ${there} layers, its configuration tells of ${told}`);
  return image;
}
