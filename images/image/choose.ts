import { createHash } from 'node:crypto';
import type { Archive } from './archive.ts';
import { type ImageConfig, readConfig } from './config.ts';
import { type Fields, fieldsOf, parseDocument } from './fields.ts';
import type { Limits } from './limits.ts';
import { ImageError } from './problem.ts';
import { type Source, wholeOf } from './source.ts';

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

/** Where a document of the archive lies, and what it must be. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
type Descriptor = {
  mediaType: string;
  digest: string;
  size: number | undefined;
  platform: string | undefined;
  names: string[];
};

const defaultPlatform = 'linux/amd64';
/** Indexes within indexes, and manifests in all of them. */
const most = { nested: 5, manifests: 1000 } as const;

/**
 * Finds the image that is meant in an OCI layout or in what `docker save` writes.
 * @throws ImageError when it is not there, when it cannot be told which is meant, or when a digest is wrong
 */
export async function chooseImage(archive: Archive, wish: Wish, limits: Limits): Promise<ChosenImage> {
  const index = await archive.get('index.json');
  // What newer engines save is both; the layout tells the digests of layers, too.
  if (index !== undefined)
    return fromLayout(archive, await documentOf(index, 'index.json', limits), wish, limits);
  const manifest = await archive.get('manifest.json');
  if (manifest === undefined) {
    throw new ImageError(
      'holds no image: neither index.json of an OCI layout nor manifest.json of docker save is in it',
    );
  }
  return fromDockerSave(
    archive,
    await wholeOf(manifest, limits.documentBytes, 'manifest.json'),
    wish,
    limits,
  );
}

async function fromLayout(archive: Archive, index: Fields, wish: Wish, limits: Limits): Promise<ChosenImage> {
  const top = descriptorsOf(index).filter(({ platform }) => platform !== 'unknown/unknown');
  const chosen = chooseByName(top, wish);
  const names = [...new Set(chosen.flatMap((descriptor) => descriptor.names))];
  const manifests = await flattened(archive, chosen, limits, 0);
  const { descriptor, manifest } = await chooseByPlatform(archive, manifests, wish.platform, limits);
  const config = descriptorOf(manifest.object('config'));
  const document = fieldsOf(
    parseDocument(await blobBytes(archive, config, 'the configuration', limits), 'the configuration'),
  );
  const layers = manifest.objects('layers').map(descriptorOf);
  const blobs = await Promise.all(
    layers.map(async ({ digest, size }, i): Promise<LayerBlob> => {
      const source = await blobOf(archive, digest, `layer ${i + 1}`);
      if (size !== undefined && size !== source.size) {
        throw new ImageError(
          `is damaged: layer ${i + 1} has ${source.size} bytes, its manifest says ${size}`,
        );
      }
      return { source, digest };
    }),
  );
  return checked(
    {
      names,
      manifestDigest: descriptor.digest,
      configDigest: config.digest,
      config: readConfig(document),
      layers: blobs,
    },
    limits,
  );
}

async function fromDockerSave(
  archive: Archive,
  bytes: Uint8Array,
  wish: Wish,
  limits: Limits,
): Promise<ChosenImage> {
  const list = fieldsOf({ images: parseDocument(bytes, 'manifest.json') }).objects('images');
  const found = chooseByName(
    list.map((image) => ({ image, names: image.texts('RepoTags'), digest: image.text('Config') ?? '' })),
    wish,
  )[0]!;
  const path = found.digest;
  const source = await archive.get(path);
  if (source === undefined)
    throw new ImageError(`is damaged: ${JSON.stringify(path)}, which manifest.json names, is missing`);
  const configBytes = await wholeOf(source, limits.documentBytes, 'the configuration');
  const configDigest = digestOf(configBytes);
  // `HASH.json`, or `blobs/sha256/HASH`.
  const told = /([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1];
  if (told !== undefined && configDigest !== `sha256:${told}`) {
    throw new ImageError(
      `is damaged: the configuration has the digest ${configDigest}, not the one of its name ${path}`,
    );
  }
  const config = readConfig(fieldsOf(parseDocument(configBytes, 'the configuration')));
  requirePlatform(wish.platform, [platformOf(config)]);
  const layers = await Promise.all(
    found.image.texts('Layers').map(async (layer, i): Promise<LayerBlob> => {
      const blob = await archive.get(layer);
      if (blob === undefined)
        throw new ImageError(`is damaged: layer ${i + 1}, ${JSON.stringify(layer)}, is missing`);
      return { source: blob, digest: undefined };
    }),
  );
  return checked({ names: found.names, manifestDigest: undefined, configDigest, config, layers }, limits);
}

function checked(image: ChosenImage, limits: Limits): ChosenImage {
  const [there, told] = [image.layers.length, image.config.diffIds.length];
  if (there > limits.layers)
    throw new ImageError(`is refused: it has ${there} layers, more than ${limits.layers}`);
  if (there !== told)
    throw new ImageError(`is damaged: it has ${there} layers, its configuration tells of ${told}`);
  return image;
}

/** Names as an engine compares them: `shop` is `docker.io/library/shop:latest`. */
export function sameName(a: string, b: string): boolean {
  return fullName(a) === fullName(b);
}

function fullName(name: string): string {
  const short = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
}

/** The images of that name, or of the only name there is. */
function chooseByName<T extends { names: string[]; digest: string }>(
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

type Manifest = { descriptor: Descriptor; manifest: Fields };

/** The manifests behind descriptors: themselves, or those of the indexes that they are. */
async function flattened(
  archive: Archive,
  descriptors: readonly Descriptor[],
  limits: Limits,
  depth: number,
): Promise<Manifest[]> {
  if (depth > most.nested)
    throw new ImageError(`is refused: its indexes are nested more than ${most.nested} deep`);
  const found: Manifest[] = [];
  for (const descriptor of descriptors) {
    if (descriptor.platform === 'unknown/unknown') continue; // an attestation
    // An index may tell of platforms whose blobs were not saved.
    if (depth > 0 && (await archive.get(blobPath(descriptor.digest))) === undefined) continue;
    const manifest = fieldsOf(
      parseDocument(await blobBytes(archive, descriptor, 'a manifest', limits), 'a manifest'),
    );
    if (manifest.number('schemaVersion') === 1) {
      throw new ImageError(
        'has a manifest of schema 1, which no engine writes any more; push or save it with a newer one',
      );
    }
    if (!manifest.has('manifests')) found.push({ descriptor, manifest });
    else found.push(...(await flattened(archive, descriptorsOf(manifest), limits, depth + 1)));
    if (found.length > most.manifests)
      throw new ImageError(`is refused: it holds more than ${most.manifests} manifests`);
  }
  return found;
}

async function chooseByPlatform(
  archive: Archive,
  manifests: readonly Manifest[],
  wanted: string | undefined,
  limits: Limits,
): Promise<Manifest> {
  const platforms = await Promise.all(
    manifests.map(
      async ({ descriptor, manifest }) =>
        descriptor.platform ?? (await configPlatform(archive, manifest, limits)),
    ),
  );
  if (manifests.length === 0)
    throw new ImageError('is damaged: the manifests that its index names are missing');
  if (manifests.length === 1 && wanted === undefined) return manifests[0]!;
  requirePlatform(wanted ?? defaultPlatform, platforms);
  return manifests[platforms.findIndex((platform) => matches(platform, wanted ?? defaultPlatform))]!;
}

async function configPlatform(archive: Archive, manifest: Fields, limits: Limits): Promise<string> {
  const bytes = await blobBytes(
    archive,
    descriptorOf(manifest.object('config')),
    'the configuration',
    limits,
  );
  return platformOf(readConfig(fieldsOf(parseDocument(bytes, 'the configuration'))));
}

/** `linux/arm64/v8`. */
export function platformOf({
  os,
  architecture,
  variant,
}: Pick<ImageConfig, 'os' | 'architecture' | 'variant'>): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

function matches(platform: string, wanted: string): boolean {
  return platform === wanted || platform.startsWith(`${wanted}/`) || `${platform}/v8` === wanted;
}

function requirePlatform(wanted: string | undefined, platforms: readonly string[]): void {
  if (wanted === undefined || platforms.some((platform) => matches(platform, wanted))) return;
  throw new ImageError(
    `holds nothing for ${wanted}; there is ${platforms.join(', ')}, which --platform chooses`,
  );
}

function descriptorsOf(index: Fields): Descriptor[] {
  return index.objects('manifests').map(descriptorOf);
}

function descriptorOf(fields: Fields): Descriptor {
  const platform = fields.object('platform');
  const annotations = fields.textsByKey('annotations');
  const attests = annotations.get('vnd.docker.reference.type') === 'attestation-manifest';
  const name =
    annotations.get('io.containerd.image.name') ?? annotations.get('org.opencontainers.image.ref.name');
  return {
    mediaType: fields.text('mediaType') ?? '',
    digest: fields.text('digest') ?? '',
    size: fields.number('size'),
    platform: attests ? 'unknown/unknown' : platform.has('os') ? platformFields(platform) : undefined,
    names: name === undefined ? [] : [name],
  };
}

function platformFields(platform: Fields): string {
  const variant = platform.text('variant') || undefined;
  return platformOf({
    os: platform.text('os') ?? '',
    architecture: platform.text('architecture') ?? '',
    variant,
  });
}

function blobPath(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new ImageError(`is damaged: ${JSON.stringify(digest.slice(0, 100))} is no SHA-256 digest`);
  }
  return `blobs/sha256/${digest.slice(7)}`;
}

async function blobOf(archive: Archive, digest: string, what: string): Promise<Source> {
  const source = await archive.get(blobPath(digest));
  if (source === undefined) throw new ImageError(`is incomplete: ${what} (${digest}) is missing`);
  return source;
}

async function blobBytes(
  archive: Archive,
  { digest }: Descriptor,
  what: string,
  limits: Limits,
): Promise<Uint8Array> {
  const bytes = await wholeOf(await blobOf(archive, digest, what), limits.documentBytes, what);
  const found = digestOf(bytes);
  if (found !== digest) throw new ImageError(`is damaged: ${what} has the digest ${found}, not ${digest}`);
  return bytes;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function documentOf(source: Source, what: string, limits: Limits): Promise<Fields> {
  return fieldsOf(parseDocument(await wholeOf(source, limits.documentBytes, what), what));
}
