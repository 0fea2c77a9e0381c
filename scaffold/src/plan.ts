import { createHash } from 'node:crypto';
import type { Answers } from './answers.ts';
import { readSpec, renderOps } from './ops.ts';
import { encodeTarGz } from './tar.ts';
import type { Template, TemplateOption } from './template.ts';

/** One file to write. */
type PlannedFile = { bytes: Uint8Array; mode: number };

/** Every file of the emitted service by its path in it, forward slashes. */
export type Plan = ReadonlyMap<string, PlannedFile>;

/** What the template calls itself; `replaced` turns these into the answers. */
const templateModule = 'example.com/shop';
const templateName = 'shop';
const templatePort = 8080;

/** The module path, the name and the two ports, each as a whole word; the module path wins over the name in it. */
const replaceable = new RegExp(
  `(?<![\\w./-])${templateModule}(?![\\w-])|\\b${templateName}\\b|\\b${templatePort}\\b|\\b${templatePort + 1}\\b`,
  'g',
);

/**
 * The service that these answers ask for. Pure: the same answers, template and version give the same bytes.
 * @param version of the generator, for the manifest
 */
export function plan(answers: Answers, template: Template, version: string): Plan {
  const off = template.options.filter((option) => !answers.with.includes(option.name));
  const files = new Map<string, PlannedFile>();
  for (const [path, file] of template.files) {
    if (off.some((option) => owns(option, path))) continue;
    files.set(replaced(path, answers), { ...file, bytes: emitted(path, file.bytes, answers, off) });
  }
  const slo = files.get('slo.json');
  if (slo === undefined) throw new Error('the template has no slo.json');
  for (const [path, text] of renderOps(readSpec(decode(slo.bytes)), answers.with))
    files.set(path, { bytes: encode(text), mode: 0o644 });
  return new Map([...files, ...ownRecord(files, answers, version)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where the emitted service keeps who made it, from which answers. */
export const manifestPath = '.go-sre/manifest.json';

/** What `update` needs later: who made the files from what, and the files themselves as the merge base. */
function ownRecord(
  files: ReadonlyMap<string, PlannedFile>,
  answers: Answers,
  version: string,
): [string, PlannedFile][] {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const manifest = {
    generator: `create-go-sre-service@${version}`,
    answers: { name: answers.name, module: answers.module, port: answers.port, with: [...answers.with] },
    files: Object.fromEntries(sorted.map(([path, { bytes }]) => [path, sha256(bytes)])),
  };
  const base = encodeTarGz(sorted.map(([path, file]) => ({ path, ...file })));
  return [
    [manifestPath, { bytes: encode(`${JSON.stringify(manifest, null, 2)}\n`), mode: 0o644 }],
    ['.go-sre/base.tar.gz', { bytes: base, mode: 0o644 }],
  ];
}

function owns(option: TemplateOption, path: string): boolean {
  return option.files.some((own) => (own.endsWith('/') ? path.startsWith(own) : path === own));
}

function emitted(
  path: string,
  bytes: Uint8Array,
  answers: Answers,
  off: readonly TemplateOption[],
): Uint8Array {
  if (bytes.includes(0)) return bytes;
  let text = decode(bytes);
  if (path === 'go.sum') return encode(withoutLines(text, new Set(off.flatMap((option) => option.goSum))));
  if (path === 'go.mod') text = withoutLines(text, new Set(off.flatMap((option) => option.goMod)));
  if (path === 'slo.json') text = withoutSlos(text, new Set(off.flatMap((option) => option.slos)));
  text = withoutRegions(text, path, answers.with);
  if (!path.endsWith('.go')) return encode(replaced(text, answers));
  return encode(text.replace(goProse, (prose) => replaced(prose, answers)));
}

/** Comments, strings and runes of Go: the name is replaced in these, an identifier that reads like it stays. */
const goProse = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])+'/g;

const marker = /^\s*(?:\/\/|# |<!-- )go-sre:(begin|end)(?: (\S+))?(?: -->)?\s*$/;

/**
 * Removes the regions of options that are off, and the marker lines of all. Where a region leaves, the blank lines
 * around it become one, as gofmt wants it.
 */
function withoutRegions(text: string, path: string, on: readonly string[]): string {
  const kept: string[] = [];
  let open: string | undefined;
  let removed = false;
  for (const line of text.split('\n')) {
    const found = marker.exec(line);
    if (found !== null) {
      if ((found[1] === 'begin') === (open !== undefined)) {
        throw new Error(`${path}: unpaired "${line.trim()}"`);
      }
      open = found[1] === 'begin' ? found[2] : undefined;
    } else if (open !== undefined && !on.includes(open)) {
      removed = true;
    } else {
      if (!(removed && line === '' && kept.at(-1) === '')) kept.push(line);
      removed = false;
    }
  }
  if (open !== undefined) throw new Error(`${path}: the region "${open}" has no end`);
  return kept.join('\n');
}

function withoutLines(text: string, unwanted: ReadonlySet<string>): string {
  return text
    .split('\n')
    .filter((line) => !unwanted.has(line.trim()))
    .join('\n');
}

/** slo.json as the service prints it has one objective a line; the text stays byte for byte what Go writes. */
function withoutSlos(text: string, ids: ReadonlySet<string>): string {
  const lines = text.split('\n').filter((line) => !ids.has(/^\s*\{"id":"([^"]+)"/.exec(line)?.[1] ?? ''));
  return lines.join('\n').replace(/\},(\s*\])/, '}$1');
}

function replaced(text: string, { name, module, port }: Answers): string {
  const by: Record<string, string> = {
    [templateModule]: module,
    [templateName]: name,
    [templatePort]: String(port),
    [templatePort + 1]: String(port + 1),
  };
  return text.replace(replaceable, (word) => by[word] ?? word);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
