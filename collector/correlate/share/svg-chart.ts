import { clockTime } from '../format.ts';
import type { FindingChart } from '../incident.ts';
import { chartText, valueText } from './facts.ts';
import { type Html, html } from './html-escape.ts';

/** Pixels of the drawing; it shrinks with the page. */
const SIZE = { width: 400, height: 150, left: 58, right: 8, top: 10, bottom: 22 } as const;
const PLOT = { width: SIZE.width - SIZE.left - SIZE.right, height: SIZE.height - SIZE.top - SIZE.bottom };

interface Scale {
  min: number;
  max: number;
  log: boolean;
  ticks: number[];
}

/** A line chart as inline SVG with its axes, the onset and a threshold; gaps stay gaps. */
export function chartSvg(chart: FindingChart, onsetMs: number): Html {
  const scale = scaleOf(chart);
  const from = chart.at[0] ?? onsetMs;
  const to = Math.max(chart.at.at(-1) ?? from, from + 1);
  const x = (ms: number) => round(SIZE.left + ((ms - from) / (to - from)) * PLOT.width);
  const y = (value: number) => round(SIZE.top + (1 - position(scale, value)) * PLOT.height);
  const { threshold, unit } = chart;
  return html`<figure><figcaption class="fc">${chart.title}, ${unitName(chart)}</figcaption>
<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${chartText(chart)}">
${scale.ticks.map((tick) => gridline(y(tick), valueText(unit, tick)))}
${onsetMs >= from && onsetMs <= to ? onsetLine(x(onsetMs)) : html``}
<path class="ln" d="${pathOf(chart, scale, x, y)}"/>
${threshold ? thresholdLine(y(threshold.value), `${threshold.label}`) : html``}
<line class="ax" x1="${SIZE.left}" x2="${SIZE.width - SIZE.right}" y1="${SIZE.top + PLOT.height}" y2="${SIZE.top + PLOT.height}"/>
${timeLabels(from, to, onsetMs, x)}
</svg></figure>`;
}

function unitName({ unit, scale, value }: FindingChart): string {
  const names = { ms: 'ms', 'per-second': 'per second', count: 'count', ratio: 'ratio', share: 'share' };
  const n = value.filter((one) => one !== null && Number.isFinite(one)).length;
  return `${names[unit]}${scale === 'log' ? ', log scale' : ''}, n = ${n} points`;
}

/** Whole decades of a logarithmic chart, else from 0 to a round number. */
function scaleOf({ scale, value, threshold }: FindingChart): Scale {
  const log = scale === 'log';
  const values = [...value, threshold?.value ?? null].filter(
    (v): v is number => v !== null && Number.isFinite(v) && (!log || v > 0),
  );
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (!log) {
    const max = most > 0 ? roundUp(most) : 1;
    return { min: 0, max, log, ticks: [0, max / 2, max] };
  }
  const least = values.reduce((a, b) => Math.min(a, b), most || 1);
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most || 1))];
  const decades = Math.max(1, high - low);
  // Far apart decades would stand on each other.
  const every = Math.ceil(decades / 5);
  const ticks = Array.from({ length: Math.floor(decades / every) + 1 }, (_, i) => 10 ** (low + i * every));
  return { min: 10 ** low, max: 10 ** (low + decades), log, ticks };
}

function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((factor) => factor * size).find((top) => top >= value * 0.9999) ?? size * 10;
}

/** 0 at the bottom, 1 at the top; what lies outside is drawn at the edge. */
function position({ min, max, log }: Scale, value: number): number {
  const share = log
    ? Math.log10(Math.max(value, min) / min) / Math.log10(max / min)
    : (value - min) / (max - min);
  return Math.min(1, Math.max(0, share));
}

function pathOf(
  { at, value }: FindingChart,
  { log }: Scale,
  x: (ms: number) => number,
  y: (value: number) => number,
): string {
  let pen = 'M';
  const parts: string[] = [];
  for (const [i, ms] of at.entries()) {
    const v = value[i] ?? null;
    if (v === null || !Number.isFinite(v) || (log && v <= 0)) {
      pen = 'M';
      continue;
    }
    // A point between two gaps is a short stroke, not nothing.
    parts.push(`${pen}${x(ms)} ${y(v)}${pen === 'M' ? 'h0.1' : ''}`);
    pen = 'L';
  }
  return parts.join('');
}

function gridline(y: number, text: string): Html {
  return html`<line class="gr" x1="${SIZE.left}" x2="${SIZE.width - SIZE.right}" y1="${y}" y2="${y}"/><text class="tl r" x="${SIZE.left - 5}" y="${y + 3}">${text}</text>
`;
}

function onsetLine(x: number): Html {
  return html`<line class="on" x1="${x}" x2="${x}" y1="${SIZE.top}" y2="${SIZE.top + PLOT.height}"/>`;
}

function thresholdLine(y: number, text: string): Html {
  const above = y > SIZE.top + 14;
  return html`<line class="th" x1="${SIZE.left}" x2="${SIZE.width - SIZE.right}" y1="${y}" y2="${y}"/><text class="tl" x="${SIZE.left + 4}" y="${above ? y - 4 : y + 11}">${text}</text>`;
}

/** Both ends, and the onset where it has room between them. */
function timeLabels(from: number, to: number, onsetMs: number, x: (ms: number) => number): Html {
  const text = (ms: number) => clockTime(BigInt(Math.round(ms)) * 1_000_000n);
  const bottom = SIZE.height - 6;
  const onset = x(onsetMs);
  const room = onset > SIZE.left + 80 && onset < SIZE.width - SIZE.right - 100;
  return html`<text class="tl" x="${SIZE.left}" y="${bottom}">${text(from)}</text>${room ? html`<text class="tl m" x="${onset}" y="${bottom}">onset ${text(onsetMs)}</text>` : html``}<text class="tl r" x="${SIZE.width - SIZE.right}" y="${bottom}">${text(to)} UTC</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
