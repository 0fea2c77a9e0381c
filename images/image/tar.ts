import type { ByteReader, Sink } from './byte-reader.ts';
import { ImageError } from './problem.ts';
import { decodeHeader, isEmptyBlock, type TarHeader, tarBlock } from './tar-header.ts';

export type EntryKind = 'file' | 'hardlink' | 'symlink' | 'folder' | 'device' | 'fifo';

/** One entry of a tar archive. */
export type TarEntry = {
  /** Without `/` or `./` at its begin, without `/` at its end; empty for the root itself. */
  path: string;
  kind: EntryKind;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Of a file's content; of a sparse file what it unpacks to. */
  size: number;
  /** Where a link leads: as it is written for a symlink, a path as above for a hard link. */
  link: string;
  /** Where the content begins, and how many bytes of it are stored. */
  at: number;
  stored: number;
};

const kinds: Readonly<Record<string, EntryKind>> = {
  ...{ '0': 'file', '7': 'file', S: 'file', '1': 'hardlink', '2': 'symlink' },
  ...{ '3': 'device', '4': 'device', '5': 'folder', '6': 'fifo' },
};

/** An extended header may not be larger: paths, owners and a few attributes stand in it. */
const maxExtendedBytes = 1024 * 1024;
/** A writer needs one or two for a file. */
const maxExtensions = 32;

/**
 * Reads a tar archive to its end: ustar, pax and GNU headers. What `visit` answers takes the content of a file; where
 * it answers nothing the content is passed over.
 * @throws ImageError when the archive is damaged, ends too early, or holds a path that leads out of it
 */
export async function readTar(
  reader: ByteReader,
  visit: (entry: TarEntry) => Sink | undefined | Promise<Sink | undefined>,
): Promise<void> {
  let [global, own]: [Pax, Pax] = [{}, {}];
  let extensions = 0;
  for (;;) {
    const at = reader.position();
    const block = await reader.take(tarBlock);
    if (block.length === 0 && at > 0) return; // some writers leave the empty blocks out
    if (block.length < tarBlock) throw new ImageError(`ends within a tar header at byte ${at}`);
    if (isEmptyBlock(block)) return readEnd(reader);
    const header = decodeHeader(block, at);
    if ('xgLK'.includes(header.type)) {
      if (++extensions > maxExtensions) {
        throw new ImageError(
          `is refused: more than ${maxExtensions} tar headers belong to one file at byte ${at}`,
        );
      }
      const read = await extended(header, reader);
      if (header.type === 'g') global = { ...global, ...read };
      else own = { ...own, ...read };
      continue;
    }
    for (let more = header.moreMap; more; ) more = (await reader.take(tarBlock))[504] === 1;
    const entry = entryOf(header, { ...global, ...own }, reader.position());
    own = {};
    extensions = 0;
    const sink = await visit(entry);
    const there = await reader.pass(entry.stored, sink);
    if (there < entry.stored) throw new ImageError(`ends within ${JSON.stringify(entry.path)}`);
    await reader.pass(padding(entry.stored), undefined);
  }
}

/** The second empty block, and whatever a writer padded its last record with. */
async function readEnd(reader: ByteReader): Promise<void> {
  const at = reader.position();
  const block = await reader.take(tarBlock);
  if (!isEmptyBlock(block)) throw new ImageError(`is damaged: something stands behind its end at byte ${at}`);
}

function padding(size: number): number {
  return (tarBlock - (size % tarBlock)) % tarBlock;
}

/** The words of a pax header that are read. */
type Pax = Partial<Record<'path' | 'linkpath' | 'size' | 'uid' | 'gid' | 'realSize', string>>;

const paxNames: Readonly<Record<string, keyof Pax>> = {
  ...{ path: 'path', linkpath: 'linkpath', size: 'size', uid: 'uid', gid: 'gid' },
  ...{ 'GNU.sparse.name': 'path', 'GNU.sparse.realsize': 'realSize', 'GNU.sparse.size': 'realSize' },
};

/** A pax header, or GNU's long name and long link. */
async function extended({ type, size, name }: TarHeader, reader: ByteReader): Promise<Pax> {
  if (size > maxExtendedBytes) {
    throw new ImageError(`is refused: a tar header before ${JSON.stringify(name)} has ${size} bytes`);
  }
  const bytes = await reader.take(size);
  if (bytes.length < size) throw new ImageError('ends within a tar header');
  await reader.pass(padding(size), undefined);
  const text = Buffer.from(bytes);
  if (type === 'L') return { path: cString(text) };
  if (type === 'K') return { linkpath: cString(text) };
  return paxRecords(text);
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** `LENGTH KEY=VALUE\n`, one after the other. Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function paxRecords(bytes: Buffer): Pax {
  const found: Pax = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(space < 0 ? Number.NaN : bytes.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at || at + length > bytes.length) {
      throw new ImageError('is damaged: a pax header in it cannot be read');
    }
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const known = paxNames[record.slice(0, Math.max(0, equals))];
    if (known !== undefined) found[known] = record.slice(equals + 1);
    at += length;
  }
  return found;
}

function entryOf(header: TarHeader, pax: Pax, at: number): TarEntry {
  const number = (text: string | undefined, otherwise: number, what: string) => {
    if (text === undefined || text === '') return otherwise;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ImageError(
        `is damaged: the ${what} ${JSON.stringify(text.slice(0, 40))} in a pax header is no number`,
      );
    }
    return value;
  };
  const written = pax.path || header.name;
  const kind = header.type === '0' && written.endsWith('/') ? 'folder' : (kinds[header.type] ?? 'file');
  const link = (pax.linkpath ?? header.link).slice(0, maxPath);
  // Links and folders have no content, whatever size some writers leave there.
  const stored = kind === 'file' ? number(pax.size, header.size, 'size') : 0;
  const real = number(pax.realSize, header.realSize, 'real size');
  return {
    path: insidePath(written),
    kind,
    mode: header.mode,
    uid: number(pax.uid, header.uid, 'owner'),
    gid: number(pax.gid, header.gid, 'group'),
    size: real > 0 && kind === 'file' ? real : stored,
    link: kind === 'hardlink' ? insidePath(link) : link,
    at,
    stored,
  };
}

/** Linux opens no longer ones (PATH_MAX). */
const maxPath = 4096;
/** Far beyond what any package makes, and few enough to be walked for each file. */
const maxDepth = 256;

/** A path as `TarEntry` has it. */
function insidePath(written: string): string {
  if (written.length > maxPath)
    throw new ImageError(`is refused: it holds a path of ${written.length} characters`);
  const parts = written.split('/').filter((step) => step !== '' && step !== '.');
  if (parts.length > maxDepth) throw new ImageError(`is refused: it holds a path of ${parts.length} folders`);
  if (parts.includes('..') || written.includes('\0')) {
    throw new ImageError(
      `is refused: it holds the path ${JSON.stringify(written.slice(0, 200))}, which leads out of it`,
    );
  }
  return parts.join('/');
}
