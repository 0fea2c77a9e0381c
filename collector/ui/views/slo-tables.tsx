import type { SloBody } from '../../api/types.ts';
import { formatBurn, formatMoment, nanoToMs } from '../format.ts';
import { Link } from '../parts/link.tsx';
import type { Range, Route } from '../router.ts';
import { useConsole } from '../state/console.ts';

/** The same numbers as the charts, and why a tier does not fire. */
export function Tiers({ slo }: { slo: SloBody }) {
  const app = useConsole();
  return (
    <table class="tt">
      <thead>
        <tr>
          <th>Tier</th>
          <th>Verdict</th>
          <th class="num">Long</th>
          <th class="num">Short</th>
          <th class="num">Threshold</th>
          <th class="hide-m">Goes to</th>
        </tr>
      </thead>
      <tbody>
        {slo.tiers.map((tier) => {
          const isFiring = tier.verdict === 'firing' && tier.sends;
          const since = tier.sinceUnixNano
            ? ` since ${formatMoment(nanoToMs(tier.sinceUnixNano), app.now(), 'minute')}`
            : '';
          return (
            <tr key={tier.id} class={isFiring ? 'selrow' : undefined}>
              <td>{tier.id}</td>
              <td class={isFiring ? 'err val' : undefined}>
                {tier.verdict}
                {since}
              </td>
              <td class="num">
                {formatBurn(tier.longBurn)} <span class="usual">{tier.longWindow}</span>
              </td>
              <td class="num">
                {formatBurn(tier.shortBurn)} <span class="usual">{tier.shortWindow}</span>
              </td>
              <td class="num">{formatBurn(tier.factor)}</td>
              <td class="s hide-m">
                {tier.sends ? tier.receiver : `nobody: the objective sends no ${tier.severity}`}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** What happened within the window: incidents of its routes, deploys of the service. */
export function Happened({ slo, range }: { slo: SloBody; range: Range }) {
  const app = useConsole();
  const rows = [
    ...slo.incidents.map(({ id, title, state, onsetUnixNano }) => {
      const to: Route = { view: 'incident', range, id };
      return { ms: nanoToMs(onsetUnixNano), kind: `incident, ${state}`, what: <Link to={to}>{title}</Link> };
    }),
    ...slo.events.map(({ kind, title, timeUnixNano }) => ({
      ms: nanoToMs(timeUnixNano),
      kind,
      what: <>{title}</>,
    })),
  ].sort((a, b) => b.ms - a.ms);
  if (rows.length === 0) return <p class="note ft">No incident and no deploy within the window.</p>;
  return (
    <table class="tt">
      <tbody>
        {rows.map(({ ms, kind, what }, i) => (
          <tr key={`${ms} ${i}`}>
            <td class="mono s nw">{formatMoment(ms, app.now(), 'minute')}</td>
            <td class="s t2 nw">{kind}</td>
            <td class="wrap">{what}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
