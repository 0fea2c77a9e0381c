import type { Allowance, KeyChange, ServiceChange, SloChange } from '../../../slo/index.ts';

/** The changes as plain text; `rpm` is how many requests a minute each objective has. */
export function diffText(changes: readonly ServiceChange[], rpm: number): string {
  return `${changes.map((one) => serviceText(one, rpm)).join('\n\n')}\n`;
}

function serviceText({ service, change, keys, slos, unchanged }: ServiceChange, rpm: number): string {
  const rest =
    unchanged === 0
      ? ''
      : `${slos.length === 0 ? ' All' : ' The other'} ${unchanged === 1 ? 'objective is' : `${unchanged} objectives are`} as before.`;
  const head =
    change === 'same' ? `${service}: nothing changes.` : `${service}: ${headWords[change]}.${rest}`;
  return [head, ...keys.map((key) => `  ${keyText(key)}`), ...slos.map((slo) => sloText(slo, rpm))].join(
    '\n',
  );
}

const headWords = { added: 'a new service', removed: 'the service is gone', changed: 'changes' } as const;
const marks = { begins: '+', ends: '-', kept: '~', mixed: '~', anew: '~' } as const;

function sloText(slo: SloChange, rpm: number): string {
  const rows: [string, string][] = [
    ...slo.keys.map((key): [string, string] => [key.key, arrow(key.before ?? 'none', key.after ?? 'none')]),
    ...budgetRows(slo, rpm),
    ['history', historyText(slo)],
    ...alertRows(slo),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `  ${marks[slo.history]} ${slo.id}`,
    ...rows.map(([name, value]) => `      ${name.padEnd(width)}  ${value}`),
  ].join('\n');
}

function keyText({ key, before = 'none', after = 'none' }: KeyChange): string {
  return `${key}  ${arrow(before, after)}`;
}

/** Bad events and minutes of total outage that the budget allows; nothing where it stays. */
function budgetRows({ before, after }: SloChange, rpm: number): [string, string][] {
  if (before && after && before.outageMinutes === after.outageMinutes && before.window === after.window)
    return [];
  const both = (of: (one: Allowance) => string) =>
    before && after ? arrow(of(before), of(after)) : of((after ?? before)!);
  const minutes = `${both((one) => `${number(one.outageMinutes)} minutes in ${one.window}`)}`;
  const events = both((one) => number(rpm * one.outageMinutes));
  return [
    ['total outage allowed', minutes],
    ...((after ?? before)!.ofTime ? [] : [[`bad events at ${number(rpm)} rpm`, events] as [string, string]]),
  ];
}

function historyText({ history, because, after, renamedFrom }: SloChange): string {
  const window = after?.window === 'month' ? 'a month' : after?.window;
  const differs = because.join(', ');
  switch (history) {
    case 'kept':
      return 'stays valid: what is recorded knows neither objective nor window';
    case 'mixed':
      return `goes on, mixed: what counts differs by ${differs}; for up to ${window} the budget holds both`;
    case 'anew':
      return `begins anew: what counts and its labels differ by ${differs}; the budget is full until events come`;
    case 'begins':
      return renamedFrom === undefined
        ? 'begins now; the budget is full until events come'
        : `begins anew, since ${renamedFrom} counted the same under another id; keep the id to keep the history`;
    case 'ends':
      return 'ends; what was recorded stays until the retention of Prometheus takes it';
  }
}

function alertRows({ alertsGone, alertsNew, history }: SloChange): [string, string][] {
  const sentence = (ids: readonly string[], what: string) => `${what}: ${ids.join(', ')}`;
  return [
    ...(alertsGone.length > 0
      ? [
          ['alerts', sentence(alertsGone, history === 'ends' ? 'are gone' : 'can no longer fire')] as [
            string,
            string,
          ],
        ]
      : []),
    ...(alertsNew.length > 0 ? [['alerts', sentence(alertsNew, 'can fire now')] as [string, string]] : []),
  ];
}

function arrow(before: string, after: string): string {
  return `${before} -> ${after}`;
}

/** Three significant digits, or all of a large number, with thousands set apart. */
function number(value: number): string {
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
