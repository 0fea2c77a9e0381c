import { join } from 'node:path';
import type { Signal } from '../../../images/index.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { importsOf, type ListedPackage } from './go-list.ts';

/** What each signal is seen by, and the packages of which one has to be imported for that. */
const signals: readonly { signal: Signal; imports: readonly string[]; pattern: RegExp }[] = [
  { signal: 'time-zone', imports: ['time'], pattern: /\btime\.LoadLocation\(/ },
  {
    signal: 'temp-folder',
    imports: ['os', 'io/ioutil'],
    pattern: /\b(?:os\.(?:TempDir|CreateTemp|MkdirTemp)|ioutil\.Temp(?:File|Dir))\(/,
  },
  {
    signal: 'shell',
    imports: ['os/exec', 'syscall', 'os'],
    pattern:
      /\b(?:exec\.Command(?:Context\([^,()]+(?:\(\))?,|\()|exec\.LookPath\(|os\.StartProcess\()\s*"(?:\/(?:usr\/)?bin\/)?(?:sh|ash|bash)"/,
  },
];

/** A Go file may be large; what is generated to be larger is no code that opens files. */
const maxFileBytes = 4 * 1024 * 1024;

/** What the text of a package's Go files tells; comments do not count. */
export async function signalsOf(listed: ListedPackage, disk: Pick<Disk, 'readFile'>): Promise<Signal[]> {
  const imports = importsOf(listed);
  const asked = signals.filter((one) => one.imports.some((path) => imports.includes(path)));
  if (listed.Standard === true || asked.length === 0) return [];
  const found = new Set<Signal>();
  for (const name of [...(listed.GoFiles ?? []), ...(listed.CgoFiles ?? [])]) {
    const bytes = await readIfThere(join(listed.Dir ?? '', name), disk);
    if (bytes === undefined || bytes.length > maxFileBytes) continue;
    const text = withoutComments(bytes.toString());
    for (const { signal, pattern } of asked) if (pattern.test(text)) found.add(signal);
  }
  return [...found];
}

/** Without whole lines and blocks of comment: the only ones that hold example calls. */
function withoutComments(text: string): string {
  return text.replace(/^[ \t]*\/\/.*$/gm, '').replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '');
}
