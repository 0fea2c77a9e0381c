import { formatCount, formatDuration, formatMoment, nanoToMs } from '../format.ts';
import { ExplainForm } from '../parts/explain-form.tsx';
import { Link } from '../parts/link.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { EmptyBody, FailedPart, WaitingBody } from '../parts/table-states.tsx';
import type { Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { useResource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';
import { routeText } from './evidence.ts';
import { rowKeys } from './row-keys.ts';

const COLUMNS = 5;

/** All incidents that are stored, open ones first. */
export function Incidents({ range }: { range: Route['range'] }) {
  const app = useConsole();
  const resource = useResource('incidents', true, (signal) => app.api.incidents(signal));
  useKeys(rowKeys());
  const body = resource.data;
  const sorted = body?.incidents.toSorted(
    (a, b) =>
      Number(a.state === 'closed') - Number(b.state === 'closed') ||
      nanoToMs(b.onsetUnixNano) - nanoToMs(a.onsetUnixNano),
  );
  return (
    <section>
      <div class="hd">
        <h1>Incidents</h1>
        <span class="t3 s">
          {body ? `${formatCount(body.incidents.length)} of ${formatCount(body.matched)}, open first` : ''}
        </span>
      </div>
      <ExplainForm />
      <FailedPart what="Incidents" resource={resource} />
      <table class="il">
        <thead>
          <tr>
            <th>State</th>
            <th>Incident</th>
            <th class="hide-m">Where</th>
            <th class="num">Since</th>
            <th class="num hide-m">Lasted</th>
            <th class="hide-m">Confidence</th>
          </tr>
        </thead>
        {sorted && sorted.length > 0 ? (
          <tbody>
            {sorted.map((i) => {
              const since = nanoToMs(i.onsetUnixNano);
              const until = i.closedUnixNano ? nanoToMs(i.closedUnixNano) : app.now();
              const open = i.state === 'open';
              return (
                <tr key={i.id}>
                  <td>
                    {open ? (
                      <StateMark state={i.signal === 'errors' ? 'failing' : 'slow'}>open</StateMark>
                    ) : (
                      <StateMark state="normal">closed</StateMark>
                    )}
                  </td>
                  <td>
                    <Link row to={{ view: 'incident', range, id: i.id }}>
                      {open ? <b>{i.title}</b> : i.title}
                    </Link>
                    <span class="t2 s ib">{i.verdict}</span>
                  </td>
                  <td class="s hide-m">
                    {i.service || 'no service named'}
                    <span class="t2 ib">{routeText(i)}</span>
                  </td>
                  <td class="num mono s">{formatMoment(since, app.now(), 'minute')}</td>
                  <td class="num s hide-m">{formatDuration(Math.max(0, until - since))}</td>
                  <td class="s hide-m">{i.confidence.tier}</td>
                </tr>
              );
            })}
          </tbody>
        ) : body || resource.error ? (
          <EmptyBody columns={COLUMNS + 1}>
            {body
              ? 'No incident is stored. One opens when a route fails or slows down.'
              : 'Not shown until the store answers.'}
          </EmptyBody>
        ) : (
          <WaitingBody columns={COLUMNS + 1} />
        )}
      </table>
    </section>
  );
}
