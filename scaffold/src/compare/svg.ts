import { type Comparison, type Row, rowsOf } from './comparison.ts';
import { valueText } from './text.ts';

// A chart without script or foreign font; it takes light or dark from whoever shows it. Each bar has its value beside
// it, so that nothing is told by colour alone.

const width = 720;
const barHeight = 18;
const panel = { label: 22, gap: 6, after: 20 } as const;
const left = 48;
const barSpace = 430;

const style = `
  .ground { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .head { font-weight: 600; font-size: 15px }
  .what { font-weight: 600 }
  .a { fill: #6e7781 }
  .b { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 }
    .a { fill: #8b949e }
    .b { fill: #58a6ff }
  }`;

/** The comparison as an SVG for a merge request. */
export function renderSvg(comparison: Comparison): string {
  const names = { a: `A ${short(comparison.a.target)}`, b: `B ${short(comparison.b.target)}` };
  const rows = rowsOf(comparison).filter(({ what }) => shown.test(what));
  let y = 66;
  const panels = rows.map((row) => {
    const drawn = drawPanel(row, y);
    y += panel.label + 2 * barHeight + panel.gap + panel.after;
    return drawn;
  });
  const height = y + 4;
  const told = rows
    .map(({ what, unit, a, b }) => `${what}: A ${valueText(a, unit)}, B ${valueText(b, unit)}`)
    .join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">
<title id="t">${escaped(`${names.a} and ${names.b} compared`)}</title>
<desc id="d">${escaped(told)}</desc>
<style>${style}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<rect class="a" x="16" y="20" width="12" height="12"/><text class="head" x="34" y="31">${escaped(names.a)}</text>
<rect class="b" x="${width / 2}" y="20" width="12" height="12"/><text class="head" x="${width / 2 + 18}" y="31">${escaped(names.b)}</text>
${panels.join('\n')}
</svg>
`;
}

const shown = /^(?:size|size compressed|start, median|known holes.*)$/;

function drawPanel(row: Row, y: number): string {
  const most = Math.max(row.a ?? 0, row.b ?? 0);
  const bar = (side: 'a' | 'b', at: number) => {
    const value = row[side];
    const length =
      value === undefined || most === 0 ? 0 : Math.max(value > 0 ? 2 : 0, (value / most) * barSpace);
    const text =
      value === undefined
        ? 'not measured'
        : `${valueText(value, row.unit)}${row.unit === 'bytes' ? ' bytes' : ''}`;
    const middle = at + barHeight - 5;
    return `<text x="24" y="${middle}">${side.toUpperCase()}</text><rect class="${side}" x="${left}" y="${at}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/><text x="${(left + length + 8).toFixed(1)}" y="${middle}">${escaped(text)}</text>`;
  };
  const first = y + panel.label - 12;
  return `<text class="what" x="16" y="${y}">${escaped(row.what)}</text>
${bar('a', first)}
${bar('b', first + barHeight + panel.gap)}`;
}

function short(name: string): string {
  return name.length > 38 ? `…${name.slice(-37)}` : name;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/\p{Cc}|\p{Cf}/gu, '�').replace(/[&<>"]/g, (c) => entities[c]!);
}
