import { at, isObject, listAt, parseJson } from './json.ts';

/** The media types of manifests that a registry is asked for. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** What a manifest says about size: of an image its own bytes, of an index the manifests of its platforms. */
export type ManifestSize = { bytes: number } | { manifests: readonly string[] } | { problem: string };

const maxPlatforms = 50;

/** Reads how large the image is as it is stored and pulled: its layers, compressed, and its configuration. */
export function manifestSize(text: string): ManifestSize {
  const manifest = parseJson(text);
  if (!isObject(manifest)) return { problem: 'its manifest is no JSON object' };
  if (Array.isArray(manifest.manifests)) {
    if (manifest.manifests.length > maxPlatforms)
      return { problem: `its index lists more than ${maxPlatforms} manifests` };
    const digests = manifest.manifests.map((entry) => at(entry, 'digest'));
    return digests.every((digest) => typeof digest === 'string')
      ? { manifests: digests }
      : { problem: 'its index lists a manifest without a digest' };
  }
  const parts = [at(manifest, 'config'), ...listAt(manifest, 'layers')];
  const sizes = parts.map((part) => at(part, 'size'));
  if (!sizes.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)) {
    return { problem: 'its manifest has a layer without a size' };
  }
  return { bytes: (sizes as number[]).reduce((sum, size) => sum + size, 0) };
}
