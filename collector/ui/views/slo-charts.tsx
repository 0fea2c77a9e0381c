import type { ComponentChildren } from 'preact';
import type { SloBody } from '../../api/types.ts';
import { Plot, type PlotLine, type PlotMark } from '../charts/plot.tsx';
import { countScale, decades, shareScale, type Values } from '../charts/plot-scale.ts';
import {
  formatBurn,
  formatCount,
  formatDay,
  formatLeft,
  formatMoment,
  formatTime,
  nanoToMs,
} from '../format.ts';
import { useConsole } from '../state/console.ts';

interface ChartProps {
  slo: SloBody;
  /** Numbers in place of pictures. */
  asTable: boolean;
}

/** Marks of one chart: more would stand upon each other. */
const marksShown = 6;
/** Rows of a chart's table. */
const tableRows = 60;
/** The burn charts reach from a tenth of the allowed rate to a hundred times, and further where it burns faster. */
const burnFrom = 0.1;
const burnTo = 100;

/** A chart's numbers, evenly thinned. */
function Numbers({
  at,
  lines,
  format,
}: {
  at: readonly number[];
  lines: readonly PlotLine[];
  format: (n: number) => string;
}) {
  const app = useConsole();
  const every = Math.ceil(at.length / tableRows);
  return (
    <div class="vals">
      <table class="tt">
        <thead>
          <tr>
            <th>Time, UTC</th>
            {lines.map(({ name }) => (
              <th key={name} class="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at.flatMap((ms, i) =>
            (at.length - 1 - i) % every === 0
              ? [
                  <tr key={ms}>
                    <td class="mono s">{formatMoment(ms, app.now(), 'minute')}</td>
                    {lines.map(({ name, values }) => (
                      <td key={name} class="num">
                        {numberOf(values, i, format)}
                      </td>
                    ))}
                  </tr>,
                ]
              : [],
          )}
        </tbody>
      </table>
    </div>
  );
}

function numberOf(values: Values, index: number, format: (n: number) => string): string {
  const value = values[index] ?? null;
  return value === null ? '–' : format(value);
}

function Section({
  title,
  says,
  legend,
  children,
}: {
  title: string;
  says: string;
  legend?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="sec">
      <div class="hd">
        <h2>{title}</h2>
        <span class="t3 s">{says}</span>
        {legend ? <span class="more lg hide-m">{legend}</span> : null}
      </div>
      {children}
    </section>
  );
}

/** Deploys and incidents as lines of the chart, the newest first. */
function marksOf({ events, incidents, burndown }: SloBody): PlotMark[] {
  const all = [
    ...incidents.map(({ onsetUnixNano }) => ({ ms: nanoToMs(onsetUnixNano), name: 'incident' })),
    ...events.map(({ kind, version, timeUnixNano }) => ({
      ms: nanoToMs(timeUnixNano),
      name: version || kind,
    })),
  ];
  const from = burndown.at[0] ?? 0;
  return all
    .filter(({ ms }) => ms >= from)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, marksShown);
}

/** What was left over the window, against an even spending. */
export function Burndown({ slo, asTable }: ChartProps) {
  const { at, left, ideal } = slo.burndown;
  const now = nanoToMs(slo.nowUnixNano);
  const lines: PlotLine[] = [
    { name: 'even spending', values: ideal, tone: 'dash' },
    { name: 'left', values: left, tone: 'main' },
  ];
  const legend = (
    <>
      <span>
        <i class="lg-main" />
        left
      </span>
      <span>
        <i class="lg-dash" />
        even spending
      </span>
    </>
  );
  const says =
    at.length === 0 ? '' : `${formatDay(at[0]!, now)} – ${formatDay(at.at(-1)!, now)}, share of the budget`;
  return (
    <Section title="Budget left" says={says} legend={legend}>
      {asTable ? (
        <Numbers at={at} lines={lines} format={formatLeft} />
      ) : (
        <Plot
          {...{ title: 'Budget left', at, lines, format: shareTick, tall: true }}
          scale={shareScale(left)}
          moment={(ms) => formatDay(ms, now)}
          marks={marksOf(slo)}
          empty="Nothing was measured within the window."
        />
      )}
    </Section>
  );
}

function shareTick(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** Burn rates of each tier's two windows over the range, beside the rate that both must exceed. */
export function BurnPerTier({ slo, asTable }: ChartProps) {
  const { at, tiers } = slo.lines;
  const scale = decades(
    tiers.flatMap(({ long, short }) => [long, short]),
    burnFrom,
    burnTo,
  );
  const legend = (
    <>
      <span>
        <i class="lg-main" />
        long window
      </span>
      <span>
        <i class="lg-side" />
        short window
      </span>
    </>
  );
  return (
    <Section
      title="Burn per tier"
      says="a tier fires when both windows burn faster than its threshold"
      legend={legend}
    >
      {at.length === 0 ? (
        <p class="note ft">Steps of this range are no longer kept: they reach back three days.</p>
      ) : null}
      <div class="tiers">
        {slo.tiers.map((tier) => {
          const line = tiers.find(({ id }) => id === tier.id);
          const lines: PlotLine[] = [
            { name: tier.shortWindow, values: line?.short ?? [], tone: 'side' },
            { name: tier.longWindow, values: line?.long ?? [], tone: 'main' },
          ];
          const isFiring = tier.verdict === 'firing' && tier.sends;
          return line ? (
            <div key={tier.id}>
              <h3>
                {formatBurn(tier.factor)} {tier.severity}{' '}
                <span class={isFiring ? 'err' : 't3'}>{isFiring ? 'firing' : tier.longWindow}</span>
              </h3>
              {asTable ? (
                <Numbers at={at} lines={lines} format={formatBurn} />
              ) : (
                <Plot
                  {...{ title: `Burn of ${tier.id}`, at, lines, scale, format: formatBurn }}
                  moment={(ms) => formatTime(ms, 'minute')}
                  threshold={{ value: tier.factor, name: formatBurn(tier.factor) }}
                  empty="No requests."
                />
              )}
            </div>
          ) : null;
        })}
      </div>
    </Section>
  );
}

/** Bad and all events over the range; each with a scale of its own, because one is a small share of the other. */
export function Events({ slo, asTable }: ChartProps) {
  const { at, bad, total } = slo.lines;
  const one = (name: string, values: Values, tone: PlotLine['tone']) => ({ name, values, tone });
  const charts = [one('bad', bad, 'bad'), one('all', total, 'side')];
  const every = at.length > 1 ? (at[1]! - at[0]!) / 1000 : 30;
  return (
    <Section title="Events" says={`per ${every} s`}>
      {charts.map((line) =>
        asTable ? (
          <Numbers key={line.name} at={at} lines={[line]} format={eventsTick} />
        ) : (
          <div key={line.name}>
            <h3>{line.name}</h3>
            <Plot
              {...{ title: `Events, ${line.name}`, at, lines: [line], format: eventsTick }}
              scale={countScale(line.values)}
              moment={(ms) => formatTime(ms, 'minute')}
              empty="Nothing was measured in this range."
            />
          </div>
        ),
      )}
    </Section>
  );
}

function eventsTick(value: number): string {
  return formatCount(Math.round(value));
}
