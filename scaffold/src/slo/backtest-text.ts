import type { Backtest, NewAlert, ObjectiveBacktest } from './backtest.ts';
import type { PresentAlert } from './present-alerts.ts';

/** The backtest as plain text: one paragraph per objective, then the present alerts that the new rules do not have. */
export function backtestText(found: Backtest): string {
  const { service, fromMs, toMs, stepSeconds, objectives, left, present } = found;
  const paragraphs = [
    `${service}, ${minute(fromMs)} to ${minute(toMs)} UTC, in steps of ${stepSeconds} s.`,
    ...objectives.map(objectiveText),
    ...(present === null ? [] : [presentText(present)]),
    ...(left.length === 0
      ? []
      : [['Not replayed:', ...left.map(({ id, why }) => `  ${id}: ${why}`)].join('\n')]),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

function objectiveText(one: ObjectiveBacktest): string {
  const labels = labelsText(one.labels);
  const alerts = one.alerts.length === 0 ? ['  no alert'] : one.alerts.map(alertText);
  return [
    `${one.id}${labels}, ${percent(one.objective)} over ${one.window}: ${count(one.badEvents)} of ${count(one.totalEvents)} events bad.`,
    `  ${spentText(one.spent)}${one.hoursNotObserved > 0 ? ` Not observed: ${one.hoursNotObserved.toFixed(1)} hours.` : ''}`,
    ...alerts,
  ].join('\n');
}

/** The budget at the end, and the day on which most of it was spent. */
function spentText(spent: ObjectiveBacktest['spent']): string {
  const known = spent.flatMap(({ atMs, share }) => (share === null ? [] : [{ atMs, share }]));
  const last = known.at(-1);
  if (last === undefined) return 'No event came, so no budget was spent.';
  const most = known.reduce((a, b) => (b.share > a.share ? b : a));
  const peak = most.share > last.share ? `, at most ${percent(most.share)} on ${minute(most.atMs)}` : '';
  return `Budget spent: ${percent(last.share)} at the end${peak}.`;
}

function alertText({ tier, fromMs, toMs, open, badEvents, present }: NewAlert): string {
  const [from, to] = [minute(fromMs), minute(toMs)];
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  const end = open ? 'fires still' : `to ${sameDay ? to.slice(11) : to}`;
  const besides = present.length === 0 ? '' : `  present: ${present.join(', ')}`;
  return `  ${tier.padEnd(12)}  ${from} ${end.padEnd(19)}  ${count(badEvents)} bad${besides}`;
}

function presentText(present: readonly PresentAlert[]): string {
  const alone = present.filter(({ accompanied }) => !accompanied);
  const head = `The present rules fired ${times(present.length)}; ${alone.length === 0 ? 'each had a new alert within an hour.' : `${times(alone.length)} without a new alert within an hour:`}`;
  const lines = alone.map(
    ({ name, labels, fromMs, toMs }) =>
      `  ${name}${labelsText(labels)}  ${minute(fromMs)} to ${minute(toMs)}`,
  );
  return [head, ...lines].join('\n');
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`;
}

/** `2026-11-03 10:05`, in UTC. */
function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** A count that was estimated, as a whole number with thousands set apart. */
function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A share, or an objective with all of its digits. */
function percent(ratio: number): string {
  const digits = ratio > 0.9 && ratio < 1 ? 6 : Math.max(2, Math.ceil(Math.log10(ratio * 100 + 1)) + 1);
  return `${Number((ratio * 100).toPrecision(digits))} %`;
}
