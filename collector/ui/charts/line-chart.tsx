import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { FindingChart } from '../../api/types.ts';
import { formatDuration, formatRate, formatTick, formatTime } from '../format.ts';
import { useConsole } from '../state/console.ts';
import { formatValue, gridlines, type SharedScale } from './scale.ts';

const HEIGHT = 104;
const AXIS_WIDTH = 46;
const FONT = '11px Inter, system-ui, sans-serif';

interface LineChartProps {
  chart: FindingChart;
  scale: SharedScale;
  /** Only the first of charts side by side shows the labels of their common axis. */
  labels: boolean;
  /** Charts of one key share their crosshair. */
  sync: string;
  /** Epoch milliseconds. */
  onsetMs: number;
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Labels of the time axis: its start, the onset, and its end where there is room. */
function drawTimes(u: uPlot, chart: FindingChart, onsetMs: number): void {
  const { ctx, bbox } = u;
  const y = bbox.top + bbox.height + 11 * devicePixelRatio;
  const from = chart.at[0];
  const to = chart.at.at(-1);
  if (from === undefined || to === undefined) return;
  ctx.fillStyle = token('--tx-3');
  const right = bbox.left + bbox.width;
  const wide = ctx.measureText('00:00').width;
  const onset = u.valToPos(onsetMs / 1000, 'x', true);
  const shown = onsetMs > from && onsetMs < to;
  const clear = (x: number) => !shown || Math.abs(onset - x) > wide * 1.8;
  ctx.textAlign = 'left';
  if (clear(bbox.left)) ctx.fillText(formatTime(from, 'minute'), bbox.left, y);
  ctx.textAlign = 'right';
  if (clear(right) && bbox.width > wide * 5) ctx.fillText(formatTime(to, 'minute'), right, y);
  ctx.textAlign = 'center';
  if (shown)
    ctx.fillText(
      formatTime(onsetMs, 'minute'),
      Math.max(bbox.left + wide / 2, Math.min(right - wide / 2, onset)),
      y,
    );
}

/** The onset as a vertical line and the threshold as a dashed one with its name, under the series. */
function drawMarks(chart: FindingChart, onsetMs: number) {
  return (u: uPlot) => {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.lineWidth = ratio;
    ctx.font = `${11 * ratio}px Inter, system-ui, sans-serif`;
    ctx.textBaseline = 'middle';
    drawTimes(u, chart, onsetMs);
    ctx.textAlign = 'left';
    const x = Math.round(u.valToPos(onsetMs / 1000, 'x', true)) + 0.5;
    if (x >= bbox.left && x <= bbox.left + bbox.width) {
      ctx.strokeStyle = token('--ctl');
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    if (chart.threshold) {
      const y = Math.round(u.valToPos(chart.threshold.value, 'y', true)) + 0.5;
      ctx.strokeStyle = token('--tx-2');
      ctx.setLineDash([5 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const wide = ctx.measureText(chart.threshold.label).width;
      ctx.fillStyle = token('--bg');
      ctx.fillRect(bbox.left + 4 * ratio, y - 7 * ratio, wide + 6 * ratio, 14 * ratio);
      ctx.fillStyle = token('--tx-2');
      ctx.fillText(chart.threshold.label, bbox.left + 7 * ratio, y);
    }
    ctx.restore();
  };
}

function axisText(chart: FindingChart, value: number): string {
  return chart.unit === 'ms'
    ? formatTick(value)
    : chart.unit === 'share'
      ? formatValue('share', value)
      : formatRate(value);
}

function options(
  { chart, scale, labels, sync, onsetMs }: LineChartProps,
  width: number,
  tip: HTMLElement,
): uPlot.Options {
  const first = (chart.at[0] ?? 0) / 1000;
  const last = (chart.at.at(-1) ?? 0) / 1000;
  const muted = token('--tx-3');
  const grid = { stroke: token('--grid'), width: 1 };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, labels ? 0 : 2],
    legend: { show: false },
    cursor: { y: false, sync: { key: sync }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: [first, last > first ? last : first + 1] },
      y: { distr: scale.log ? 3 : 1, range: [scale.min, scale.max] },
    },
    axes: [
      {
        stroke: muted,
        font: FONT,
        size: 20,
        gap: 2,
        grid: { show: false },
        ticks: { show: false },
        border: { show: true, stroke: token('--ctl'), width: 1 },
        // drawTimes writes the labels: the outer ones must stay inside the plot.
        values: () => [],
      },
      {
        stroke: muted,
        font: FONT,
        show: true,
        size: labels ? AXIS_WIDTH : 0,
        gap: 4,
        grid,
        ticks: { show: false },
        filter: (_, at) => at,
        splits: () => gridlines(scale),
        values: (_, at) => (labels ? at.map((v) => axisText(chart, v)) : at.map(() => '')),
      },
    ],
    series: [{}, { stroke: token('--now'), width: 1.5, points: { show: false }, spanGaps: false }],
    hooks: {
      drawAxes: [drawMarks(chart, onsetMs)],
      setCursor: [(u) => showTip(u, chart, tip)],
    },
  };
}

/** The value under the crosshair, at the side of it that has room. */
function showTip(u: uPlot, chart: FindingChart, tip: HTMLElement): void {
  const { idx, left } = u.cursor;
  const at = idx === null || idx === undefined ? undefined : chart.at[idx];
  tip.hidden = at === undefined || left === undefined || left < 0;
  if (at === undefined || left === undefined) return;
  const value = chart.value[idx!];
  const text = value === null || value === undefined ? 'nothing measured' : formatValue(chart.unit, value);
  tip.textContent = `${formatTime(at)} · ${text}`;
  const right = left > u.over.clientWidth / 2;
  const edge = u.over.offsetLeft + left;
  tip.style.left = right ? 'auto' : `${edge + 10}px`;
  tip.style.right = right ? `${u.root.clientWidth - edge + 10}px` : 'auto';
}

/** What the chart shows, in a sentence, for those who do not see it. */
function summary(chart: FindingChart): string {
  const values = chart.value.filter((v): v is number => v !== null);
  if (values.length === 0) return `${chart.title}: nothing measured`;
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const span = formatDuration((chart.at.at(-1) ?? 0) - (chart.at[0] ?? 0));
  const [low, high, now] = [least, most, values.at(-1)!].map((v) => formatValue(chart.unit, v));
  return `${chart.title}: over ${span}, lowest ${low}, highest ${high}, last ${now}`;
}

/** One line over time, with the onset, a threshold if there is one, and a crosshair shared with its neighbours. */
export function LineChart(props: LineChartProps) {
  const { chart, scale, labels, sync, onsetMs } = props;
  const { theme } = useConsole().preferences;
  const chosen = theme.value;
  const holder = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = holder.current;
    const tipElement = tip.current;
    if (!element || !tipElement) return;
    const data: uPlot.AlignedData = [chart.at.map((ms) => ms / 1000), chart.value];
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(options(props, element.clientWidth, tipElement), data, element);
    };
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    const query = matchMedia('(prefers-color-scheme: dark)');
    query.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      query.removeEventListener('change', draw);
      plot?.destroy();
    };
  }, [chart, scale, labels, sync, onsetMs, chosen]);
  return (
    <figure class={labels ? 'lc lc-labels' : 'lc'}>
      <figcaption class="fc">{chart.title}</figcaption>
      <div class="lc-plot" role="img" aria-label={summary(chart)}>
        <div ref={holder} />
        <div ref={tip} class="tip xs" hidden />
        {chart.value.every((v) => v === null) ? <div class="ctr">Nothing measured.</div> : null}
      </div>
    </figure>
  );
}
