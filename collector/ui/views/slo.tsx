import { useState } from 'preact/hooks';
import type { SloBody } from '../../api/types.ts';
import {
  formatBurn,
  formatCount,
  formatDuration,
  formatLeft,
  formatMoment,
  formatShare,
  nanoToMs,
} from '../format.ts';
import { Link } from '../parts/link.tsx';
import { FailedPart } from '../parts/table-states.tsx';
import type { Range, Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { useResource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';
import { rowKeys } from './row-keys.ts';
import { Burndown, BurnPerTier, Events } from './slo-charts.tsx';
import { Happened, Tiers } from './slo-tables.tsx';
import { badTraces, goodOf, promiseOf, sloRoute, subjectOf, windowOf } from './slo-words.ts';
import { BudgetBar, SloMark, sloKey } from './slos.tsx';

type At = Extract<Route, { view: 'slo' }>;

/** All objectives beside the open one, from 1,000 px on. */
function Others({ at }: { at: At }) {
  const app = useConsole();
  const { data } = useResource('slos', app.live.value, (signal) => app.api.slos(signal));
  useKeys(rowKeys());
  if (!data) return <nav class="so" aria-label="Objectives" />;
  return (
    <nav class="so" aria-label="Objectives">
      <div class="hd">
        <h2>Objectives</h2>
        <span class="t3 s">
          {formatCount(data.slos.length)} of {formatCount(data.matched)}
        </span>
      </div>
      {data.slos.map((slo) => {
        const to = sloRoute(slo, at.range);
        const isOpen =
          to.view === 'slo' && slo.service === at.service && slo.id === at.id && to.group === at.group;
        return (
          <Link key={sloKey(slo)} row to={to} current={isOpen} class="so-row">
            <span class="so-1">
              <span class="ell">{subjectOf(slo)}</span>
              <b>{formatLeft(slo.budget.left)}</b>
            </span>
            <span class={slo.call ? 's err' : 's t3'}>
              {promiseOf(slo)}
              {slo.call ? `, ${slo.state}` : ''}
            </span>
            <BudgetBar left={slo.budget.left} />
          </Link>
        );
      })}
    </nav>
  );
}

function Runbook({ address }: { address: string }) {
  return /^https?:\/\//.test(address) ? <a href={address}>runbook</a> : <>runbook: {address}</>;
}

function Head({ slo, range }: { slo: SloBody; range: Range }) {
  const traces = badTraces(slo, range);
  return (
    <div>
      <div class="s t2">
        <SloMark slo={slo} /> · {slo.service}, {slo.owner} · <Runbook address={slo.runbook} />
      </div>
      <h1 class="wrap">
        {subjectOf(slo)}, {promiseOf(slo)} over {windowOf(slo)}
      </h1>
      <p class="t2">
        {slo.description} {goodOf(slo)} {slo.caveats.join(' ')}
      </p>
      {traces.length > 0 ? (
        <p class="refs s">
          {traces.map(({ name, to }) => (
            <Link key={name} to={to}>
              Traces of bad requests{traces.length > 1 ? `: ${name}` : ''}
            </Link>
          ))}
        </p>
      ) : null}
    </div>
  );
}

/** The four numbers that are asked for first. */
function Numbers({ slo }: { slo: SloBody }) {
  const app = useConsole();
  const { budget, burn, call } = slo;
  const now = nanoToMs(slo.nowUnixNano);
  const empty = budget.emptyUnixNano === undefined ? undefined : nanoToMs(budget.emptyUnixNano);
  const share = 1 - slo.objective;
  return (
    <dl class="nums">
      <div>
        <dt>Budget left</dt>
        <dd class={budget.left !== null && budget.left <= 0 ? 'err' : undefined}>
          {formatLeft(budget.left)}
        </dd>
        <dd class="s t2">
          {budget.leftEvents === null
            ? 'nothing measured yet'
            : `${formatCount(Math.round(budget.leftEvents))} of ${formatCount(Math.round(budget.allowedEvents))} may still fail`}
        </dd>
      </div>
      <div>
        <dt>As total outage</dt>
        <dd>{budget.leftMinutes === null ? '–' : formatDuration(budget.leftMinutes * 60_000)}</dd>
        <dd class="s t2">of {formatDuration(budget.allowedMinutes * 60_000)}, at even traffic</dd>
      </div>
      <div>
        <dt>Burn, last 1 h</dt>
        <dd>{formatBurn(burn)}</dd>
        <dd class="s t2">
          {burn === null
            ? 'no requests'
            : `${formatShare(burn * share)} bad, ${formatShare(share)} allowed${
                empty === undefined || empty - now > 90 * 86_400_000
                  ? ''
                  : `; empty ${formatMoment(empty, now, 'minute')}`
              }`}
        </dd>
      </div>
      <div>
        <dt>Called now</dt>
        <dd>{call ? call.receiver : 'nobody'}</dd>
        <dd class="s t2">
          {call
            ? `${call.owner}, ${call.severity} since ${formatMoment(nanoToMs(call.sinceUnixNano), app.now(), 'minute')}`
            : slo.state}
        </dd>
      </div>
    </dl>
  );
}

function Open({ slo, range }: { slo: SloBody; range: Range }) {
  const [asTable, setAsTable] = useState(false);
  useKeys([{ keys: 't', says: 'charts as tables', run: () => setAsTable(!asTable), hint: ['t', 'tables'] }]);
  return (
    <>
      <Head slo={slo} range={range} />
      <Numbers slo={slo} />
      <Burndown slo={slo} asTable={asTable} />
      <BurnPerTier slo={slo} asTable={asTable} />
      <Tiers slo={slo} />
      <div class="cols">
        <Events slo={slo} asTable={asTable} />
        <section class="sec">
          <div class="hd">
            <h2>Incidents and deploys</h2>
            <span class="t3 s">within the window</span>
          </div>
          <Happened slo={slo} range={range} />
        </section>
      </div>
    </>
  );
}

/** One objective: what is left, how it went, how fast it burns by each tier, who is called. */
export function SloView({ at }: { at: At }) {
  const app = useConsole();
  const { fromMs, toMs } = app.between();
  const range = at.range.kind === 'last' ? `${at.range.seconds}` : `${fromMs} ${toMs}`;
  const key = `slo ${at.service} ${at.id} ${at.group} ${range}`;
  const resource = useResource(key, app.live.value, (signal) =>
    app.api.slo(at.service, at.id, at.group, app.between(), signal),
  );
  if (resource.error?.status === 404) {
    return (
      <>
        <h1>No such objective</h1>
        <p class="t2 wrap">
          {resource.error.message} <Link to={{ view: 'slos', range: at.range }}>All SLOs</Link>
        </p>
      </>
    );
  }
  return (
    <div class="slo">
      <Others at={at} />
      <div class="slo-main">
        <FailedPart what="The objective" resource={resource} />
        {resource.data ? <Open slo={resource.data} range={at.range} /> : null}
        {resource.loading && !resource.data ? <p class="t3">Reading the objective …</p> : null}
      </div>
    </div>
  );
}
