import { join } from 'node:path';
import type { Signal } from '../../../images/index.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { importsOf, type ListedPackage } from './go-list.ts';
import { mentions, nameIn, type Stretch, stretchesOf } from './go-text.ts';

/** What each signal is seen by: a function of the standard library that is called, or kept for later. */
const signals: readonly { signal: Signal; path: string; seen: (name: string) => string }[] = [
  { signal: 'time-zone', path: 'time', seen: (name) => `\\b${name}\\.LoadLocation\\b` },
  { signal: 'temp-folder', path: 'os', seen: (name) => `\\b${name}\\.(?:TempDir|CreateTemp|MkdirTemp)\\b` },
  { signal: 'temp-folder', path: 'io/ioutil', seen: (name) => `\\b${name}\\.Temp(?:File|Dir)\\b` },
  { signal: 'user-lookup', path: 'os/user', seen: (name) => `\\b${name}\\.(?:Current|Lookup\\w*)\\b` },
  { signal: 'shell', path: 'os/exec', seen: startsShell },
];

/** `exec.Command("sh", …)`, or the path of a shell anywhere in a file that starts programs. */
function startsShell(name: string): string {
  const call = `\\b${name}\\.(?:Command\\(|CommandContext\\([^"]{1,60},|LookPath\\()\\s*"(?:sh|ash|bash)"`;
  return `${call}|"/(?:usr/)?bin/(?:sh|ash|bash)"`;
}

/** A Go file may be large; what is generated to be larger is no code that opens files. */
const maxFileBytes = 4 * 1024 * 1024;

/**
 * What the texts of the linked packages tell of each. A call in a function counts only when something names that
 * function: in its package, from function to function, or in a package that imports it. Methods always count.
 */
export async function signalsOf(
  linked: readonly ListedPackage[],
  disk: Pick<Disk, 'readFile'>,
): Promise<Map<string, Signal[]>> {
  const own = linked.filter(({ Standard }) => Standard !== true);
  const reader = textReader(own, disk);
  const found = new Map<string, Signal[]>();
  for (const one of own) {
    const imports = importsOf(one);
    const asked = signals.filter(({ path }) => imports.includes(path));
    if (asked.length === 0) continue;
    const kinds = new Set<Signal>();
    for (const { text, stretches } of await reader.filesOf(one)) {
      for (const { signal, path, seen } of asked) {
        if (kinds.has(signal)) continue;
        const pattern = new RegExp(seen(nameIn(text, path)));
        if (!pattern.test(text)) continue;
        const places = stretches.filter((stretch) => pattern.test(stretch.text));
        for (const { name } of places) if (await isReached(one, name, reader)) kinds.add(signal);
      }
    }
    if (kinds.size > 0) found.set(one.ImportPath, [...kinds].sort());
  }
  return found;
}

type GoText = { text: string; stretches: readonly Stretch[] };
type Reader = {
  filesOf: (listed: ListedPackage) => Promise<readonly GoText[]>;
  importersOf: (path: string) => readonly ListedPackage[];
};

function textReader(own: readonly ListedPackage[], disk: Pick<Disk, 'readFile'>): Reader {
  const importers = new Map<string, ListedPackage[]>();
  for (const one of own) {
    for (const path of importsOf(one)) importers.set(path, [...(importers.get(path) ?? []), one]);
  }
  return {
    importersOf: (path) => importers.get(path) ?? [],
    filesOf: async ({ Dir = '', GoFiles = [], CgoFiles = [] }) => {
      const texts: GoText[] = [];
      for (const name of [...GoFiles, ...CgoFiles]) {
        const bytes = await readIfThere(join(Dir, name), disk);
        if (bytes === undefined || bytes.length > maxFileBytes) continue;
        const text = bytes.toString();
        texts.push({ text, stretches: stretchesOf(text) });
      }
      return texts;
    },
  };
}

async function isReached(listed: ListedPackage, name: string | undefined, reader: Reader): Promise<boolean> {
  if (name === undefined) return true;
  const stretches = (await reader.filesOf(listed)).flatMap((one) => one.stretches);
  const names = new Set([name]);
  for (const callee of names) {
    if (callee === 'init' || callee === 'main') return true;
    for (const stretch of stretches) {
      if (stretch.name === callee || !mentions(stretch.text, [callee])) continue;
      if (stretch.name === undefined) return true;
      names.add(stretch.name);
    }
  }
  const exported = [...names].filter((one) => /^\p{Lu}/u.test(one));
  if (exported.length === 0) return false;
  for (const importer of reader.importersOf(listed.ImportPath)) {
    for (const { stretches: there } of await reader.filesOf(importer)) {
      if (there.some(({ text }) => mentions(text, exported))) return true;
    }
  }
  return false;
}
