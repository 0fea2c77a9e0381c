import { mergeGoMod, mergeGoSum } from './go-mod.ts';
import type { Conflict } from './lines.ts';
import { mergeEntries } from './routes.ts';
import { mergeSlo } from './slo.ts';
import { lineMerge, type MergedText, mergeText, type Versions } from './text.ts';

/** What a merge of one file gave. */
export type MergedFile = {
  bytes: Uint8Array;
  /** Lines, from 1, at which the user has to decide. */
  conflicts: readonly number[];
  /** Sentences for the user. */
  notes: readonly string[];
  /** The template's version, to be put beside the user's, where a merge is impossible. */
  beside?: Uint8Array;
};

/** A merge of one kind of file; undefined when a version is not what it should be, and lines are merged then. */
type SpecialMerge = (versions: Versions) => (MergedText & { notes?: readonly string[] }) | undefined;

const specialMerges: Readonly<Record<string, SpecialMerge>> = {
  'go.mod': (versions) => {
    const text = mergeGoMod(versions);
    if (text === undefined) return undefined;
    const notes = ['merged by module; `go mod tidy` puts it in order'];
    return { text, conflicts: [], notes };
  },
  'go.sum': (versions) => ({ text: mergeGoSum(versions), conflicts: [] }),
  'slo.json': (versions) => {
    const merged = mergeSlo(versions);
    return merged && { ...merged, notes: merged.undecided };
  },
};

/**
 * Merges one file three ways: by what it is (go.mod, go.sum, slo.json), by line, or, when a version is not UTF-8
 * text, not at all: the user's version stays.
 * @param path in the template, which decides the kind
 * @param label what conflict markers call the template's side
 */
export function mergeFile(path: string, versions: Versions<Uint8Array>, label: string): MergedFile {
  const texts = decoded(versions);
  if (texts === undefined) return mergeBinary(versions);
  let notes: readonly string[] = [];
  const merged = mergeText(texts, (lf) => {
    const special = specialMerges[path]?.(lf);
    notes = special?.notes ?? [];
    return special ?? lineMerge(label, settling(path))(lf);
  });
  return { bytes: new TextEncoder().encode(merged.text), conflicts: merged.conflicts, notes };
}

function decoded({ base, ours, theirs }: Versions<Uint8Array>): Versions | undefined {
  const texts = [base ?? new Uint8Array(), ours, theirs].map(decodeText);
  if (texts.some((text) => text === undefined)) return undefined;
  return { base: base === undefined ? undefined : texts[0]!, ours: texts[1]!, theirs: texts[2]! };
}

/** The text of UTF-8 bytes with a byte order mark kept; undefined for anything else and for what holds a zero byte. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function mergeBinary({ base, ours, theirs }: Versions<Uint8Array>): MergedFile {
  const unchanged = { conflicts: [], notes: [] };
  if (base !== undefined && Buffer.compare(base, ours) === 0) return { bytes: theirs, ...unchanged };
  const settled = [base, ours].some((other) => other !== undefined && Buffer.compare(other, theirs) === 0);
  if (settled) return { bytes: ours, ...unchanged };
  return {
    bytes: ours,
    conflicts: [1],
    notes: ["not a text: yours stays, the template's lies beside it"],
    beside: theirs,
  };
}

/** What settles conflicts in this file without a person, if anything. */
function settling(path: string): ((conflict: Conflict) => string[] | undefined) | undefined {
  if (/(?:^|\/)\.(?:git|docker)ignore$/.test(path)) return union;
  return path === 'internal/server/routes.go' ? mergeEntries : undefined;
}

/** Lists of patterns: both sides' additions hold. */
function union({ ours, base, theirs }: Conflict): string[] {
  return [...ours, ...theirs.filter((line) => !ours.includes(line) && !base.includes(line))];
}
