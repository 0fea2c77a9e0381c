import { type Image, madeBy, table, toldNumber } from '../../../images/index.ts';
import { type Comparison, type Row, rowsOf, type Side } from './comparison.ts';

/** The comparison for a person at a terminal: numbers side by side, then the layers of each. */
export function renderComparison(comparison: Comparison): string {
  const { a, b } = comparison;
  const rows = rowsOf(comparison).map((row) => [
    row.what,
    valueText(row.a, row.unit),
    valueText(row.b, row.unit),
    ratio(row),
  ]);
  const notes = [...new Set([...noteOf('A', a), ...noteOf('B', b)])];
  const parts = [
    table([['', `A ${a.target}`, `B ${b.target}`, 'B / A'], ...rows], [0, 1, 1, 1]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `  ${note}`).join('\n')]),
    layersOf('A', a),
    layersOf('B', b),
  ];
  const text = parts.join('\n\n');
  return `${text
    .split('\n')
    .map((line) => line.replace(/\p{Cc}|\p{Cf}/gu, '�'))
    .join('\n')}\n`;
}

/** A value with its unit; a dash where there is none. */
export function valueText(value: number | undefined, unit: Row['unit']): string {
  if (value === undefined) return '–';
  return unit === 'ms' ? `${toldNumber(value)} ms` : toldNumber(value);
}

function ratio({ a, b }: Row): string {
  if (a === undefined || b === undefined || a === 0) return '';
  const value = b / a;
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function noteOf(name: string, { start, image }: Side): string[] {
  const measured =
    'spread' in start
      ? `start: ${start.spread.runs.length} runs each from docker start on, until ${start.probe}`
      : `start of ${name} not measured: ${start.notMeasured}`;
  return [
    measured,
    ...(image.compressedMeasured ? ['compressed: layers that lie unpacked were packed by gzip here'] : []),
  ];
}

function layersOf(name: string, { image, target }: Side): string {
  return `  ${name} ${target}\n${table([['layer', 'bytes', 'compressed', 'files', 'made by'], ...image.layers.slice(0, 40).map(layerRow)], [1, 1, 1, 1, 0], image.layers.length - 40)}`;
}

function layerRow(layer: Image['layers'][number]): string[] {
  const { index, size, compressedBytes, files, createdBy } = layer;
  return [
    String(index + 1),
    toldNumber(size),
    valueText(compressedBytes, 'bytes'),
    toldNumber(files),
    madeBy(createdBy),
  ];
}
