// Images made in memory, entry by entry, for tests of what reads them.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Archive } from '../../../images/image/archive.ts';
import type { Spool } from '../../../images/image/file-facts.ts';
import { memorySource } from '../../../images/image/source.ts';

/** One entry of a tar; a body makes it a file, `path/` a folder. */
export type Entry = {
  path: string;
  body?: string | Uint8Array;
  /** The flag of the header, where it does not follow from the rest. */
  type?: string;
  mode?: number;
  uid?: number;
  link?: string;
  /** Words of a pax header in front. */
  pax?: Readonly<Record<string, string>>;
};

const block = 512;

/** A tar archive with its end. */
export function tarOf(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * block)]);
}

function entryBytes(entry: Entry): Buffer {
  const body = Buffer.from(entry.body ?? '');
  const type = entry.type ?? (entry.path.endsWith('/') ? '5' : '0');
  const own = header(entry.path, { ...entry, type }, body.length);
  if (entry.pax === undefined) return Buffer.concat([own, padded(body)]);
  const records = Buffer.from(Object.entries(entry.pax).map(paxRecord).join(''));
  return Buffer.concat([header('pax', { type: 'x' }, records.length), padded(records), own, padded(body)]);
}

function paxRecord([key, value]: [string, string]): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const length = rest + String(rest + String(rest).length).length;
  return `${length} ${key}=${value}\n`;
}

export function padded(body: Uint8Array): Buffer {
  return Buffer.concat([body, Buffer.alloc((block - (body.length % block)) % block)]);
}

/** One ustar header with its checksum. */
export function header(
  path: string,
  { type = '0', mode = type === '5' ? 0o755 : 0o644, uid = 0, link = '' }: Partial<Entry>,
  size: number,
): Buffer {
  const head = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number) =>
    head.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  head.write(path, 0, 100);
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  head.write(type, 156);
  head.write(link, 157, 100);
  head.write('ustar\x0000', 257, 'latin1');
  return rightChecksum(head);
}

/** Puts the checksum of a header right. */
export function rightChecksum(head: Buffer): Buffer {
  head.fill(0x20, 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return head;
}

export function digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** What an image is made of; `config` is what Docker has under that word. */
export type Making = {
  layers: readonly Uint8Array[];
  config?: object;
  names?: readonly string[];
  history?: readonly object[];
  architecture?: string;
  created?: string;
  /** Digests of the layers unpacked, where `layers` are packed. */
  diffIds?: readonly string[];
};

function configBytes({
  layers,
  config = {},
  history,
  architecture = 'amd64',
  created,
  diffIds,
}: Making): Buffer {
  const document = {
    ...{ os: 'linux', architecture, config, created: created ?? '2026-11-01T10:00:00.123Z' },
    rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map(digest) },
    ...(history !== undefined && { history }),
  };
  return Buffer.from(JSON.stringify(document));
}

/** The files of `docker save` of an engine before 25. */
export function dockerSave(...images: readonly Making[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const list = images.map((image) => {
    const config = configBytes(image);
    const path = `${digest(config).slice(7)}.json`;
    files.set(path, config);
    const layers = image.layers.map((layer, i) => {
      const name = `${digest(layer).slice(7, 40)}${i}/layer.tar`;
      files.set(name, layer);
      return name;
    });
    return { Config: path, RepoTags: image.names ?? null, Layers: layers };
  });
  files.set('manifest.json', Buffer.from(JSON.stringify(list)));
  return files;
}

/** The files of an OCI layout; each image's manifest is named by its platform or its names. */
export function ociLayout(...images: readonly (Making & { platform?: string })[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')]]);
  const put = (bytes: Uint8Array) => {
    files.set(`blobs/sha256/${digest(bytes).slice(7)}`, bytes);
    return { digest: digest(bytes), size: bytes.length };
  };
  const manifests = images.flatMap((image) => {
    const layers = image.layers.map((layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      ...put(layer),
    }));
    const manifest = Buffer.from(
      JSON.stringify({ schemaVersion: 2, config: put(configBytes(image)), layers }),
    );
    const [os, architecture] = (image.platform ?? '').split('/');
    const names = image.names ?? [undefined];
    return names.map((name) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      ...put(manifest),
      ...(image.platform !== undefined && { platform: { os, architecture } }),
      ...(name !== undefined && { annotations: { 'io.containerd.image.name': name } }),
    }));
  });
  files.set('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
  return files;
}

/** Files as one tar. */
export function asTar(files: ReadonlyMap<string, Uint8Array>): Buffer {
  return tarOf([...files].map(([path, body]) => ({ path, body })));
}

/** Files as the reader asks for them. */
export function asArchive(files: ReadonlyMap<string, Uint8Array>): Archive {
  return {
    get: async (path) => {
      const bytes = files.get(path);
      return bytes && memorySource(bytes);
    },
  };
}

/** A spool in memory. */
export function memorySpool(): Spool {
  let chunks: Uint8Array[] = [];
  return {
    clear: async () => {
      chunks = [];
    },
    write: async (bytes) => void chunks.push(Uint8Array.from(bytes)),
    source: async () => memorySource(Buffer.concat(chunks)),
  };
}

/** A layer as it is pushed, and the digest it has unpacked. */
export function gzipped(layer: Uint8Array): { packed: Buffer; diffId: string } {
  return { packed: gzipSync(layer), diffId: digest(layer) };
}
