import type { Archive } from './archive.ts';
import { blobDocument, blobOf, blobPath } from './blobs.ts';
import type { ChosenImage, LayerBlob, Wish } from './choose.ts';
import { readConfig } from './config.ts';
import { type Fields, fieldsOf, parseDocument } from './fields.ts';
import type { Limits } from './limits.ts';
import { chooseByName } from './names.ts';
import { matches, platformOf, requirePlatform } from './platform.ts';
import { ImageError } from './problem.ts';
import { type Source, wholeOf } from './source.ts';

/** Where a document of the archive lies, and what it must be. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
type Descriptor = {
  digest: string;
  size: number | undefined;
  platform: string | undefined;
  names: string[];
};

const defaultPlatform = 'linux/amd64';

/** Indexes within indexes, and documents that they lead to. */
const most = { nested: 5, documents: 1000 } as const;

/** The image that is meant in an OCI layout. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md */
export async function fromLayout(
  archive: Archive,
  source: Source,
  wish: Wish,
  limits: Limits,
): Promise<ChosenImage> {
  const index = fieldsOf(
    parseDocument(await wholeOf(source, limits.documentBytes, 'index.json'), 'index.json'),
  );
  const top = descriptorsOf(index).filter(({ platform }) => platform !== 'unknown/unknown');
  const chosen = chooseByName(top, wish);
  const names = [...new Set(chosen.flatMap((descriptor) => descriptor.names))];
  const manifests = await flattened({ archive, limits, left: most.documents }, chosen, 0);
  const { descriptor, manifest } = await chooseByPlatform(archive, manifests, wish.platform, limits);
  const config = descriptorOf(manifest.object('config'));
  const document = await blobDocument(archive, config.digest, 'the configuration', limits);
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
  return {
    ...{ names, manifestDigest: descriptor.digest, configDigest: config.digest },
    ...{ config: readConfig(document), layers: blobs },
  };
}

type Manifest = { descriptor: Descriptor; manifest: Fields };

/** What a walk through indexes needs, and how many documents it may still read. */
type Walk = { archive: Archive; limits: Limits; left: number };

/** The manifests behind descriptors: themselves, or those of the indexes that they are. */
async function flattened(walk: Walk, descriptors: readonly Descriptor[], depth: number): Promise<Manifest[]> {
  if (depth > most.nested) {
    throw new ImageError(`is refused: its indexes are nested more than ${most.nested} deep`);
  }
  const { archive, limits } = walk;
  const found: Manifest[] = [];
  for (const descriptor of descriptors) {
    if (descriptor.platform === 'unknown/unknown') continue; // an attestation
    // An index may tell of platforms whose blobs were not saved.
    if (depth > 0 && (await archive.get(blobPath(descriptor.digest))) === undefined) continue;
    if (--walk.left < 0) {
      throw new ImageError(`is refused: its index leads to more than ${most.documents} documents`);
    }
    const manifest = await blobDocument(archive, descriptor.digest, 'a manifest', limits);
    if (manifest.number('schemaVersion') === 1) {
      throw new ImageError(
        'has a manifest of schema 1, which no engine writes any more; push or save it with a newer one',
      );
    }
    if (!manifest.has('manifests')) found.push({ descriptor, manifest });
    else found.push(...(await flattened(walk, descriptorsOf(manifest), depth + 1)));
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
  const { digest } = descriptorOf(manifest.object('config'));
  return platformOf(readConfig(await blobDocument(archive, digest, 'the configuration', limits)));
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
