import { createHash } from 'node:crypto';
import type { Sink } from './byte-reader.ts';
import { looksLikeElf, readElf } from './elf.ts';
import { type Dynamic, readDynamic } from './elf-dynamic.ts';
import { type GoBuildInfo, readGoBuildInfo } from './go-build-info.ts';
import { type FoundSecret, secretsOf } from './secrets.ts';
import { memorySource, type Source } from './source.ts';

/** Room outside of memory for one large file at a time. */
export type Spool = {
  /** Begins anew. */
  clear: () => Promise<void>;
  write: (bytes: Uint8Array) => Promise<void>;
  /** What was written since `clear`. */
  source: () => Promise<Source>;
};

/** What an ELF file is and wants. */
export type BinaryFacts = {
  architecture: string;
  type: 'program' | 'library' | 'other';
  interpreter: string | undefined;
  dynamic: Dynamic | undefined;
  /** The release that the C library tells of itself: `2.36`. */
  libcRelease: string | undefined;
  go: GoBuildInfo | undefined;
};

/** What was learnt of a file's content while it streamed by. */
export type FileFacts = {
  /** SHA-256 of the content as it is stored, hex. */
  sha256: string;
  binary: BinaryFacts | undefined;
  secrets: readonly FoundSecret[];
  /** The whole text of the few files that are read. */
  text: string | undefined;
};

/** Files are held in memory up to this; an ELF file that is larger goes to the spool. */
const smallBytes = 1024 * 1024;
/** Lists of packages are held whole; Debian's with some 3,000 packages has 4 MB. */
const wantedBytes = 32 * 1024 * 1024;
const spooledBytes = 2 * 1024 ** 3;

/** Package lists, users, the release's name. */
const wantedPath =
  /^(?:var\/lib\/dpkg\/status(?:\.d\/[^/]+)?|(?:usr\/)?lib\/apk\/db\/installed|etc\/passwd|etc\/os-release|usr\/lib\/os-release|etc\/ld\.so\.conf(?:\.d\/[^/]+)?)$/;

/** Whether the file is the C library of GNU, whose release stands in its text. */
const libcName = /(?:^|\/)libc(?:\.so\.6|-2\.\d+\.so)$/;

/** Takes a file's content as it comes; `end` answers what it is. */
export function fileFacts(path: string, spool: Spool): Sink & { end: () => Promise<FileFacts> } {
  const hash = createHash('sha256');
  const wanted = wantedPath.test(path);
  let [kept, keptBytes, state]: [Uint8Array[], number, 'small' | 'spooled' | 'cut'] = [[], 0, 'small'];
  let spooled = 0;
  const most = wanted ? wantedBytes : smallBytes;
  /** Too large to be held: the rest of an ELF file is spooled, of any other let go. */
  const overflow = async (chunk: Uint8Array): Promise<void> => {
    const head = Buffer.concat([...kept, chunk.subarray(0, 4)]);
    if (!looksLikeElf(head)) {
      kept.push(chunk.subarray(0, most - keptBytes));
      keptBytes = most;
      state = 'cut';
      return;
    }
    state = 'spooled';
    await spool.clear();
    for (const piece of [...kept, chunk]) await spool.write(piece);
    spooled = keptBytes + chunk.length;
    kept = [];
  };
  return {
    write: (chunk) => {
      hash.update(chunk);
      if (state === 'small') {
        if (keptBytes + chunk.length > most) return overflow(chunk);
        kept.push(chunk);
        keptBytes += chunk.length;
      } else if (state === 'spooled' && spooled < spooledBytes) {
        spooled += chunk.length;
        return spool.write(chunk);
      }
      return undefined;
    },
    end: async () => {
      const sha256 = hash.digest('hex');
      const bytes = Buffer.concat(kept);
      const elf = state === 'spooled' || looksLikeElf(bytes);
      const source = state === 'spooled' ? await spool.source() : memorySource(bytes);
      if (elf) return { sha256, binary: await binaryFacts(path, source), secrets: [], text: undefined };
      const text = isText(bytes) ? bytes.toString('utf8') : undefined;
      return { sha256, binary: undefined, secrets: secretsOf(path, text), text: wanted ? text : undefined };
    },
  };
}

/** As git tells text from binary: no zero byte near the begin. */
function isText(bytes: Buffer): boolean {
  return !bytes.subarray(0, 8000).includes(0);
}

/** What an ELF file is and wants; undefined where its tables cannot be read. */
export async function binaryFacts(path: string, source: Source): Promise<BinaryFacts | undefined> {
  const elf = await readElf(source);
  if (elf === undefined) return undefined;
  return {
    architecture: elf.architecture,
    type: elf.type,
    interpreter: elf.interpreter,
    dynamic: await readDynamic(elf),
    libcRelease: libcName.test(path) ? await libcRelease(source) : undefined,
    go: await readGoBuildInfo(elf),
  };
}

/** The C library prints `GNU C Library (…) stable release version 2.36.` when it is run. */
async function libcRelease(source: Source): Promise<string | undefined> {
  const step = 1024 * 1024;
  for (let at = 0; at < Math.min(source.size, 16 * step); at += step) {
    const text = Buffer.from(await source.read(at, step + 200)).toString('latin1');
    const found = /GNU C Library [^\0\n]{0,120}? release version (\d+\.\d+(?:\.\d+)?)/.exec(text);
    if (found !== null) return found[1];
  }
  return undefined;
}
