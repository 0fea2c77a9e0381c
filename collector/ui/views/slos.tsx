import type { SloHead, SlosBody } from '../../api/types.ts';
import { formatBurn, formatCount, formatDuration, formatLeft } from '../format.ts';
import { Link } from '../parts/link.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { EmptyBody, FailedPart, WaitingBody, WaitingNote } from '../parts/table-states.tsx';
import type { Range } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';
import { rowKeys } from './row-keys.ts';
import { barOf, markOf, promiseOf, sloRoute, subjectOf, windowOf } from './slo-words.ts';

const COLUMNS = 8;

/** A bar of what is left of a budget; overspent it is full and red. */
export function BudgetBar({ left }: { left: number | null }) {
  const { width, tone } = barOf(left);
  return (
    <div class="bar" aria-hidden="true">
      <i class={tone} style={{ width: `${width}%` }} />
    </div>
  );
}

/** Its state, with the word that says it. */
export function SloMark({ slo }: { slo: Pick<SloHead, 'state' | 'call'> }) {
  const { mark, says } = markOf(slo, useConsole().now());
  return <StateMark state={mark}>{says}</StateMark>;
}

/** A row's key: an objective has one budget for each group. */
export function sloKey({ service, id, labels }: SloHead): string {
  return JSON.stringify([service, id, labels]);
}

function Row({ slo, range }: { slo: SloHead; range: Range }) {
  const { left, leftEvents, leftMinutes } = slo.budget;
  const isCalled = slo.call !== undefined;
  return (
    <tr>
      <td>
        <Link row to={sloRoute(slo, range)}>
          {isCalled ? <b>{subjectOf(slo)}</b> : subjectOf(slo)}
        </Link>
        <span class="t2 s ib">
          {promiseOf(slo)} over {windowOf(slo)}
        </span>
        {slo.state === 'ok' ? null : (
          <span class="s only-m">
            <SloMark slo={slo} />
          </span>
        )}
      </td>
      <td class="hide-m">{slo.service}</td>
      <td class="hide-m">
        <SloMark slo={slo} />
      </td>
      <td class="num">
        <span class={left !== null && left <= 0 ? 'val err' : undefined}>{formatLeft(left)}</span>
        <div class="only-m">{left === null ? null : <BudgetBar left={left} />}</div>
      </td>
      <td class="c-left hide-m">{left === null ? null : <BudgetBar left={left} />}</td>
      <td class="num s hide-m">
        {leftEvents === null ? '–' : formatCount(Math.round(leftEvents))}
        <span class="t3 ib">{leftMinutes === null ? '' : formatDuration(leftMinutes * 60_000)}</span>
      </td>
      <td class="num hide-m">
        <span class={isCalled ? 'val' : undefined}>{formatBurn(slo.burn)}</span>
      </td>
      <td class="s hide-m">
        {slo.call ? `${slo.call.receiver}, ${slo.call.owner}` : <span class="t3">nobody</span>}
        <span class="t3 ib">{slo.source === 'spans' ? 'from spans' : ''}</span>
      </td>
    </tr>
  );
}

function Heading() {
  return (
    <thead>
      <tr>
        <th>Objective</th>
        <th class="hide-m">Service</th>
        <th class="hide-m">State</th>
        <th class="num">Budget left</th>
        <th class="hide-m" />
        <th class="num hide-m">Events, outage left</th>
        <th class="num hide-m">Burn, 1 h</th>
        <th class="hide-m">Called</th>
      </tr>
    </thead>
  );
}

function Rows({ slos, range }: { slos: readonly SloHead[]; range: Range }) {
  return (
    <tbody>
      {slos.map((slo) => (
        <Row key={sloKey(slo)} slo={slo} range={range} />
      ))}
    </tbody>
  );
}

/** Objectives that home shows. */
const shownAtHome = 5;

/** The objectives that are worst off; nothing where none are configured. */
export function ErrorBudgets({ range }: { range: Range }) {
  const app = useConsole();
  const { data } = useResource('slos', app.live.value, (signal) => app.api.slos(signal));
  if (!data || data.slos.length === 0) return null;
  const shown = data.slos.slice(0, shownAtHome);
  return (
    <section class="sec">
      <div class="hd">
        <h2>Error budgets</h2>
        <span class="t3 s">
          {formatCount(shown.length)} of {formatCount(data.matched)} objectives, worst first
        </span>
        <Link class="more" to={{ view: 'slos', range }}>
          All SLOs
        </Link>
      </div>
      <table class="sl">
        <Heading />
        <Rows slos={shown} range={range} />
      </table>
    </section>
  );
}

function why(resource: Resource<SlosBody>) {
  if (!resource.data) return 'Not shown until the collector answers.';
  return (
    <>
      No objectives are configured. Name their files, such as the <code>slo.json</code> of a service:{' '}
      <code>--slo shop/slo.json</code>
    </>
  );
}

/** In one sentence: who is called, and whose budget is used up. */
function answerOf(slos: readonly SloHead[]): string {
  const count = (state: SloHead['state']) => slos.filter((slo) => slo.state === state).length;
  const spent = slos.filter(({ budget }) => budget.left !== null && budget.left <= 0).length;
  const parts = [
    ...(count('paging') > 0 ? [`${count('paging')} paging`] : []),
    ...(count('ticket') > 0 ? [`${count('ticket')} with a ticket`] : []),
    ...(spent > 0 ? [`${spent} over budget`] : []),
    ...(count('not observed') > 0 ? [`${count('not observed')} not observed`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'nobody is called';
}

/** Every objective of every service: what is left of its budget, how fast it burns, who is called. */
export function Slos({ range }: { range: Range }) {
  const app = useConsole();
  const resource = useResource('slos', true, (signal) => app.api.slos(signal));
  useKeys(rowKeys());
  const body = resource.data;
  const isEmpty = body ? body.slos.length === 0 : resource.error !== undefined;
  return (
    <section>
      <div class="hd">
        <h1>SLOs</h1>
        <span class="t3 s">
          {body && !isEmpty
            ? `${formatCount(body.slos.length)} of ${formatCount(body.matched)}, worst first · ${answerOf(body.slos)}`
            : ''}
        </span>
      </div>
      <FailedPart what="SLOs" resource={resource} />
      <table class="sl">
        <Heading />
        {isEmpty ? (
          <EmptyBody columns={COLUMNS}>{why(resource)}</EmptyBody>
        ) : body ? (
          <Rows slos={body.slos} range={range} />
        ) : (
          <WaitingBody columns={COLUMNS} />
        )}
      </table>
      {resource.loading && !body ? (
        <WaitingNote reads="events of every objective" resource={resource} />
      ) : null}
    </section>
  );
}
