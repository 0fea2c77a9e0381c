import type { Archive } from './archive.ts';
import { digestOf } from './blobs.ts';
import type { ChosenImage, LayerBlob, Wish } from './choose.ts';
import { readConfig } from './config.ts';
import { fieldsOf, parseDocument } from './fields.ts';
import type { Limits } from './limits.ts';
import { chooseByName } from './names.ts';
import { platformOf, requirePlatform } from './platform.ts';
import { ImageError } from './problem.ts';
import { type Source, wholeOf } from './source.ts';

/** The image that is meant in what `docker save` of an engine before 25 writes. Source: https://github.com/moby/moby/blob/v24.0.9/image/tarexport/save.go */
export async function fromDockerSave(
  archive: Archive,
  manifest: Source,
  wish: Wish,
  limits: Limits,
): Promise<ChosenImage> {
  const bytes = await wholeOf(manifest, limits.documentBytes, 'manifest.json');
  const document = parseDocument(bytes, 'manifest.json');
  if (!Array.isArray(document)) {
    throw new ImageError('holds no image: its manifest.json is no list of images, as docker save writes it');
  }
  const list = fieldsOf({ images: document }).objects('images');
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
  return { names: found.names, manifestDigest: undefined, configDigest, config, layers };
}
