/** What an image may hold at most; beyond that it is refused with a clear word, whatever it wants to unpack to. */
export type Limits = {
  /** Files, folders, links in all layers. */
  entries: number;
  /** Of all layers unpacked. */
  unpackedBytes: number;
  layers: number;
  /** Of a manifest, an index or a configuration. */
  documentBytes: number;
  /** Files in the archive that holds the image. */
  archiveEntries: number;
};

const GiB = 1024 ** 3;

export const defaultLimits: Limits = {
  entries: 500_000,
  unpackedBytes: 32 * GiB,
  // The engines' own bound. Source: https://github.com/moby/moby/blob/v28.2.2/layer/layer_store.go (maxLayerDepth)
  layers: 125,
  // The distribution specification asks registries for no more. Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
  documentBytes: 4 * 1024 ** 2,
  archiveEntries: 20_000,
};
