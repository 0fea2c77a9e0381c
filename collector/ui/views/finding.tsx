import type { Finding, FindingTable, Reference } from '../../api/types.ts';
import { LineChart } from '../charts/line-chart.tsx';
import { sharedScale } from '../charts/scale.ts';
import { formatTime, nanoToMs } from '../format.ts';
import { Link } from '../parts/link.tsx';
import type { Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { alternativeClaim, alternativeName, formatP } from './evidence.ts';

/** Where a reference leads; a series has no view of its own. */
function routeOf(reference: Reference, range: Route['range']): Route | undefined {
  if (reference.kind === 'series') return undefined;
  const { traceId } = reference;
  const spanId = reference.kind === 'trace' ? '' : reference.spanId;
  return { view: 'trace', range, traceId, spanId, find: '', tab: 'waterfall' };
}

function ReferenceLink({ reference, text }: { reference: Reference; text?: string }) {
  const { range } = useConsole().route.value;
  const to = routeOf(reference, range);
  if (!to) return <code>{text ?? reference.label}</code>;
  return <Link to={to}>{text ?? reference.label}</Link>;
}

function Table({ table, references }: { table: FindingTable; references: readonly Reference[] }) {
  const wide = table.columns.length > 3;
  // On a narrow screen the first column and the last two that fit stay.
  const narrow = (i: number) => (wide && i > 2 ? ' hide-m' : '');
  return (
    <>
      <table>
        <thead>
          <tr>
            {table.columns.map((column, i) => (
              <th key={i} class={`${column.align === 'right' ? 'num' : ''}${narrow(i)}`}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, r) => {
            const reference = row.reference === undefined ? undefined : references[row.reference];
            return (
              <tr key={r}>
                {row.cells.map((cell, i) => {
                  const right = table.columns[i]?.align === 'right';
                  const tone = row.emphasis ? (i === 0 ? 'val' : '') : i > 0 ? 't2' : '';
                  return (
                    <td key={i} class={`${right ? 'num' : 'wrap'} s ${tone}${narrow(i)}`}>
                      {i === 0 && reference ? <ReferenceLink reference={reference} text={cell} /> : cell}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
      {table.caption ? <p class="xs t3 cap">{table.caption}</p> : null}
    </>
  );
}

/** The values of a chart as a table, for `t`. */
function Values({ finding }: { finding: Finding }) {
  const [first] = finding.charts;
  if (!first) return null;
  return (
    <div class="vals">
      <table>
        <thead>
          <tr>
            <th>Time</th>
            {finding.charts.map((c) => (
              <th key={c.title} class="num">
                {c.title}, {c.unit}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first.at.map((at, i) => (
            <tr key={at}>
              <td class="mono s">{formatTime(at)}</td>
              {finding.charts.map((c) => (
                <td key={c.title} class="num s">
                  {c.value[i] ?? 'none'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface EvidenceProps {
  finding: Finding;
  onsetUnixNano: string;
  /** Charts as tables of their values. */
  asTable: boolean;
}

/** What stands behind a claim: charts side by side, a table, links to traces. */
export function Evidence({ finding, onsetUnixNano, asTable }: EvidenceProps) {
  const { charts, table, references } = finding;
  const inTable = new Set(table?.rows.map((row) => row.reference));
  const loose = references.filter((_, i) => !inTable.has(i));
  const units = [...new Set(charts.map((c) => `${c.unit} ${c.scale}`))];
  return (
    <>
      {charts.length > 0 && !asTable ? (
        <div class="g">
          {units.flatMap((unit) => {
            const same = charts.filter((c) => `${c.unit} ${c.scale}` === unit);
            const scale = sharedScale(same);
            return same.map((chart, i) => (
              <LineChart
                key={chart.title}
                chart={chart}
                scale={scale}
                labels={i === 0}
                sync="incident"
                onsetMs={nanoToMs(onsetUnixNano)}
              />
            ));
          })}
        </div>
      ) : null}
      {charts.some((c) => c.scale === 'log') && !asTable ? <p class="xs t3 cap">Log scale.</p> : null}
      {asTable ? <Values finding={finding} /> : null}
      {table ? <Table table={table} references={references} /> : null}
      {loose.length > 0 ? (
        <p class="refs s">
          {loose.map((reference, i) => (
            <span key={i}>
              <ReferenceLink reference={reference} />
            </span>
          ))}
        </p>
      ) : null}
    </>
  );
}

/** Alternatives as one table: what it would have been, the number against it, and the test. */
export function Alternatives({ findings }: { findings: readonly Finding[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Alternative</th>
          <th>Number against it</th>
          <th class="num">Outcome</th>
        </tr>
      </thead>
      <tbody>
        {findings.map((f, i) => (
          <tr key={i}>
            <td class="s wrap">{alternativeName(f)}</td>
            <td class="s t2 wrap">{alternativeClaim(f)}</td>
            <td class="num s t2">
              {f.outcome === 'untested' ? 'not tested' : f.outcome}
              {f.p === null ? '' : `, ${formatP(f.p)}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
