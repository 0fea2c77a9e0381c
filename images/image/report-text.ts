import type { CveVerdict } from './cve/verdict.ts';
import { vulnerabilitySeverities } from './cve/vulnerability.ts';
import { highestGlibc } from './elf-dynamic.ts';
import type { Binary, Image } from './image.ts';
import { platformOf } from './platform.ts';
import { toldNumber } from './rules/size.ts';

export type ImageTextOptions = {
  name: string;
  /** `engine`, `tar` or `folder`. */
  origin: string;
  budgetBytes: number;
  vulnerabilities: CveVerdict | undefined;
};

/** So many rows of a table are shown. */
const maxRows = { layers: 60, binaries: 15 } as const;

/** What an image is, for a person at a terminal; the findings follow it. */
export function renderImageText(image: Image, options: ImageTextOptions): string {
  const { name, origin, vulnerabilities } = options;
  const rows = [
    ['size', sizeLine(image, options.budgetBytes)],
    ['runs', runsLine(image)],
    ['base', baseLine(image)],
    ['wasted', wastedLine(image)],
    ...(vulnerabilities === undefined ? [] : [['known holes', holesLine(vulnerabilities)]]),
  ] as [string, string][];
  const parts = [
    `${name} (${origin}, ${platformOf(image.config)}) ${image.configDigest.slice(0, 19)}`,
    rows.map(([key, value]) => `  ${key.padEnd(11)} ${value}`).join('\n'),
    '',
    layersTable(image),
    ...(image.binaries.length === 0 ? [] : ['', binariesTable(image)]),
  ];
  return `${parts.join('\n').split('\n').map(printable).join('\n')}\n\n`;
}

function sizeLine(image: Image, budget: number): string {
  const share = ((image.size / budget) * 100).toFixed(1);
  const { compressedSize, compressedMeasured } = image;
  const packed =
    compressedSize === undefined
      ? 'too large for its compressed size to be measured in passing'
      : `${toldNumber(compressedSize)} compressed${compressedMeasured ? ' (by gzip, measured here)' : ''}`;
  return `${toldNumber(image.size)} bytes of ${toldNumber(budget)} (${share} %); ${packed}`;
}

function runsLine({ entry, config }: Image): string {
  const command = entry.argv
    .map((word) => (/^[\w./:=@-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
  const user = config.user === '' ? 'root, as no user is named' : `user ${config.user}`;
  return entry.argv.length === 0 ? `nothing, as ${user}` : `${command.slice(0, 120)}, as ${user}`;
}

function baseLine({ os, libc, packages, packageManagers, shells }: Image): string {
  const c =
    libc === undefined
      ? 'no C library'
      : libc.kind === 'musl'
        ? 'musl'
        : `glibc ${libc.release ?? ''}`.trim();
  const has = [...packageManagers, ...shells].map((path) => path.split('/').at(-1)!);
  const tools = has.length === 0 ? 'no shell, no package manager' : [...new Set(has)].slice(0, 8).join(', ');
  return `${os?.prettyName || 'no distribution'}; ${c}; ${packages.length} packages; ${tools}`;
}

function wastedLine({ wasted }: Image): string {
  const { overwritten, removed, duplicated, share } = wasted;
  const all = overwritten + removed + duplicated;
  if (all === 0) return 'nothing';
  return `${toldNumber(all)} bytes (${(share * 100).toFixed(1)} %): ${toldNumber(overwritten)} overwritten, ${toldNumber(removed)} removed, ${toldNumber(duplicated)} there twice`;
}

function holesLine({ counts, waived, reports }: CveVerdict): string {
  const words = vulnerabilitySeverities.flatMap((severity) =>
    counts[severity] === 0 ? [] : [`${counts[severity]} ${severity}`],
  );
  const off = waived.length === 0 ? '' : `; ${waived.length} waived`;
  return `${words.length === 0 ? 'none' : words.join(', ')}${off}; told by ${[...new Set(reports.map(({ tool }) => tool))].join(', ')}`;
}

function layersTable({ layers }: Image): string {
  const rows = layers
    .slice(0, maxRows.layers)
    .map((layer) => [
      String(layer.index + 1),
      toldNumber(layer.size),
      layer.compressedBytes === undefined ? '?' : toldNumber(layer.compressedBytes),
      toldNumber(layer.files),
      madeBy(layer.createdBy),
    ]);
  return table(
    [['layer', 'bytes', 'compressed', 'files', 'made by'], ...rows],
    [1, 1, 1, 1, 0],
    layers.length - rows.length,
  );
}

function binariesTable({ binaries, entry }: Image): string {
  const rank = (binary: Binary) => (binary.file === entry.file ? 0 : binary.facts.go !== undefined ? 1 : 2);
  const sorted = binaries.toSorted((a, b) => rank(a) - rank(b) || b.file.size - a.file.size);
  const rows = sorted
    .slice(0, maxRows.binaries)
    .map(({ file, facts }) => [`/${file.path}`, toldNumber(file.size), needs(facts), goWords(facts)]);
  return table([['binary', 'bytes', 'needs', 'Go'], ...rows], [0, 1, 0, 0], sorted.length - rows.length);
}

function needs({ interpreter, dynamic }: Binary['facts']): string {
  if (dynamic === undefined || (dynamic.needed.length === 0 && interpreter === undefined))
    return 'nothing, static';
  const glibc = highestGlibc(dynamic.wants.map(({ version }) => version));
  if (glibc !== undefined) return `GLIBC_${glibc}`;
  return interpreter?.includes('musl') || dynamic.needed.some((name) => name.includes('musl'))
    ? 'musl'
    : dynamic.needed.slice(0, 2).join(', ') || 'a loader';
}

function goWords({ go }: Binary['facts']): string {
  if (go === undefined) return '';
  const version = go.main?.version ? ` ${go.main.version}` : '';
  const cgo = go.settings.get('CGO_ENABLED') === '1' ? ', cgo' : '';
  return `${go.goVersion} ${go.path}${version}, ${go.deps.length} modules${cgo}`;
}

/** A line of the history as people write it. */
export function madeBy(createdBy: string): string {
  const short = createdBy
    .slice(0, 1000)
    .replace(/^\/bin\/sh -c #\(nop\)\s+/, '')
    .replace(/^\/bin\/sh -c /, 'RUN ')
    .replace(/\s*# buildkit$/, '')
    .replace(/\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1:$2…')
    .replace(/\s+/g, ' ')
    .trim();
  return short.length > 80 ? `${short.slice(0, 79)}…` : short;
}

/** Columns apart by two blanks; 1 stands for one that is set to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[], more = 0): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (right[i] === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...(more > 0 ? [`… and ${more} more`] : [])].map((line) => `  ${line}`).join('\n');
}

/** Names come from the image: control characters would reach the terminal. */
function printable(line: string): string {
  return line.replace(/\p{Cc}|\p{Cf}/gu, '�');
}
