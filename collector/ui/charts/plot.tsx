import { useRef } from 'preact/hooks';
import { formatMoment } from '../format.ts';
import {
  heightOf,
  nearestAt,
  type PlotScale,
  placeOf,
  plotPath,
  plotTicks,
  type Values,
} from './plot-scale.ts';

export interface PlotLine {
  name: string;
  values: Values;
  /** `main`: under study; `side`: beside it; `dash`: what should be; `bad`: failures. */
  tone: 'main' | 'side' | 'dash' | 'bad';
}

/** A moment with its name, as a vertical line. */
export interface PlotMark {
  ms: number;
  name: string;
}

interface PlotProps {
  title: string;
  at: readonly number[];
  lines: readonly PlotLine[];
  scale: PlotScale;
  format: (value: number) => string;
  /** How points in time are written at the ends of the axis. */
  moment: (ms: number) => string;
  threshold?: { value: number; name: string };
  marks?: readonly PlotMark[];
  /** Why there are no lines. */
  empty: string;
  tall?: boolean;
}

/** Lines over time with gridlines, marks and a crosshair that says their values. */
export function Plot(props: PlotProps) {
  const { title, at, lines, scale, format, moment, threshold, marks = [], empty, tall } = props;
  const [from, to] = [at[0] ?? 0, at.at(-1) ?? 0];
  const isEmpty = lines.every(({ values }) => values.every((value) => value === null));
  const top = (value: number) => `${(1 - heightOf(value, scale)) * 100}%`;
  return (
    <figure class={tall ? 'pl tall' : 'pl'}>
      <div class="pl-y xs t3" aria-hidden="true">
        {plotTicks(scale).map((tick) => (
          <span key={tick} style={{ top: top(tick) }}>
            {format(tick)}
          </span>
        ))}
      </div>
      <div class="pl-box" role="img" aria-label={told(title, lines, format)}>
        <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
          {plotTicks(scale).map((tick) => (
            <line key={tick} class="grid" x1="0" x2="1000" y1={y(tick, scale)} y2={y(tick, scale)} />
          ))}
          {threshold ? (
            <line
              class="pl-th"
              x1="0"
              x2="1000"
              y1={y(threshold.value, scale)}
              y2={y(threshold.value, scale)}
            />
          ) : null}
          {marks.map(({ ms, name }) => (
            <line
              key={`${ms} ${name}`}
              class="pl-mark"
              x1={x(ms, from, to)}
              x2={x(ms, from, to)}
              y1="0"
              y2="100"
            />
          ))}
          {lines.map(({ name, values, tone }) => (
            <path key={name} class={`ln pl-${tone}`} d={plotPath(at, values, scale)} />
          ))}
        </svg>
        {threshold ? (
          <span class="pl-name xs" style={{ top: top(threshold.value) }}>
            {threshold.name}
          </span>
        ) : null}
        {marks.map(({ ms, name }, i) => (
          <span
            key={`${ms} ${name}`}
            class={placeOf(ms, from, to) > 0.6 ? 'pl-said xs left' : 'pl-said xs'}
            style={{ left: `${placeOf(ms, from, to) * 100}%`, top: `${(i % 3) * 14}px` }}
          >
            {name}
          </span>
        ))}
        {isEmpty ? <div class="ctr">{empty}</div> : <Crosshair {...props} />}
      </div>
      <div class="pl-x xs t3" aria-hidden="true">
        <span>{at.length > 0 ? moment(from) : ''}</span>
        <span>{at.length > 0 ? moment(to) : ''}</span>
      </div>
    </figure>
  );
}

/** The values under the pointer, beside a vertical line. Moved without a render: it follows every move. */
function Crosshair({ at, lines, format }: PlotProps) {
  const line = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const hide = () => {
    for (const { current } of [line, tip]) if (current) current.hidden = true;
  };
  const show = (event: PointerEvent) => {
    const box = event.currentTarget as HTMLElement;
    const nearest = nearestAt(at, event.offsetX / box.clientWidth);
    if (!line.current || !tip.current || nearest < 0) return;
    const place = placeOf(at[nearest]!, at[0]!, at.at(-1)!);
    const values = lines.map(({ name, values: all }) => {
      const value = all[nearest] ?? null;
      return `${name} ${value === null ? 'not measured' : format(value)}`;
    });
    line.current.hidden = false;
    line.current.style.left = `${place * 100}%`;
    tip.current.hidden = false;
    tip.current.textContent = `${formatMoment(at[nearest]!, at.at(-1)!, 'minute')} · ${values.join(', ')}`;
    tip.current.style.left = place > 0.5 ? 'auto' : `calc(${place * 100}% + 8px)`;
    tip.current.style.right = place > 0.5 ? `calc(${(1 - place) * 100}% + 8px)` : 'auto';
  };
  return (
    <>
      <div ref={line} class="pl-at" hidden />
      <div ref={tip} class="tip xs" hidden />
      <div class="pl-over" onPointerMove={show} onPointerLeave={hide} />
    </>
  );
}

function x(ms: number, from: number, to: number): number {
  return Math.round(placeOf(ms, from, to) * 1000);
}

function y(value: number, scale: PlotScale): number {
  return Math.round((1 - heightOf(value, scale)) * 1000) / 10;
}

/** The chart in a sentence, for those who do not see it. */
function told(title: string, lines: readonly PlotLine[], format: (value: number) => string): string {
  const last = lines.map(({ name, values }) => {
    const value = values.findLast((one) => one !== null) ?? null;
    return `${name} ${value === null ? 'not measured' : format(value)}`;
  });
  return `${title}: last ${last.join(', ')}`;
}
