import { type Advice, fewestAllowed } from '../../../slo/index.ts';
import type { ObjectiveReport, SimulationReport } from './simulate-report.ts';

/** The report as plain text: two tables, and a paragraph on each objective that cannot be watched. */
export function simulationText({ service, objectives }: SimulationReport): string {
  if (objectives.length === 0) return `${service} has no objective, so no alert is ever sent.\n`;
  const advice = objectives.flatMap((one) => (one.advice ? [adviceText(one, one.advice)] : []));
  const watched = objectives.length - advice.length;
  return `${[
    `${service}: ${watched} of ${objectives.length} objectives can be watched at their traffic.`,
    'From the beginning of a failure to its page, and from its end to the end of the page:',
    table(drillRows(objectives)),
    'The shortest total failure that is seen, and false pages in a year without trouble:',
    table(smallestRows(objectives)),
    ...advice,
  ].join('\n\n')}\n`;
}

function drillRows(objectives: readonly ObjectiveReport[]): string[][] {
  const drills = objectives[0]!.drills.map(({ ratio, seconds }) => `${percent(ratio)}, ${duration(seconds)}`);
  const rows = objectives.map((one) => [
    one.id,
    percent(one.objective),
    one.window,
    number(one.eventsPerMinute),
    ...one.drills.map((drill) => (one.alerts === 'none' ? 'off' : drillCell(drill))),
  ]);
  return [['objective', 'target', 'window', 'a minute', ...drills], ...rows];
}

/** `9 m, ends 29 m`; a ticket where nothing pages. */
function drillCell({ allowed, pageSeconds, ticketSeconds, resetSeconds }: ObjectiveReport['drills'][number]) {
  if (allowed) return 'in budget';
  if (pageSeconds !== null) return `${duration(pageSeconds)}, ends ${duration(resetSeconds ?? 0)}`;
  return ticketSeconds === null ? 'not seen' : `ticket ${duration(ticketSeconds)}`;
}

function smallestRows(objectives: readonly ObjectiveReport[]): string[][] {
  const cell = (one: ObjectiveReport, severity: 'page' | 'ticket') => {
    const outage = one.smallest[severity];
    if (outage === null) return 'none';
    return `${duration(outage.seconds)}, ${number(outage.badEvents)} bad`;
  };
  return [
    ['objective', 'pages', 'opens a ticket', 'false pages'],
    ...objectives.map((one) => [
      one.id,
      one.alerts === 'page' ? cell(one, 'page') : 'off',
      one.alerts === 'none' ? 'off' : cell(one, 'ticket'),
      one.alerts === 'page' ? falsePages(one.falsePagesPerYear) : 'off',
    ]),
  ];
}

function falsePages(perYear: number): string {
  if (perYear < 0.001) return 'below 0.001';
  return `at most ${number(perYear)}`;
}

function adviceText(one: ObjectiveReport, advice: Advice): string {
  const target = percent(one.objective);
  if (advice.problem === 'objective too low') {
    return [`${one.id}: ${target} is too low for a page.`, ...raise(one, advice)].join('\n');
  }
  const few = `${one.id}: ${number(one.eventsPerMinute)} events a minute are too few for ${target}.`;
  return [few, ...waysOut(one, advice)].join('\n');
}

function raise({ objective }: ObjectiveReport, advice: Advice): string[] {
  const burn = Number((1 / (1 - objective)).toPrecision(2));
  return wayTexts({
    now: `Even a total outage spends the budget only ${number(burn)} times as fast as it may.`,
    raise: `A page is possible from ${percent(advice.objective!)} on; otherwise set "alerts" to "ticket".`,
  });
}

function waysOut({ window, smallest }: ObjectiveReport, advice: Advice): string[] {
  const { allowed, enoughRpm, group, probeSeconds, windowDays, objective } = advice;
  const one = `${number(allowed)} bad events are allowed in ${window}; one spends ${percent(Number((1 / allowed).toPrecision(2)))} of the budget.`;
  const page = smallest.page
    ? `A total outage pages after ${duration(smallest.page.seconds)}.`
    : 'No outage pages.';
  const enough = enoughRpm && `From ${number(enoughRpm)} a minute on it can be watched`;
  return wayTexts({
    now: `${allowed > 0 ? one : 'No event comes, so none is ever bad.'} ${page}`,
    need: group ? '' : enough && `${enough}; all other routes of this kind together have fewer, too.`,
    group: group && `${enough}: name the routes of ${group.join(', ')} and its own in one "routes".`,
    probe: probeSeconds && `A probe every ${number(probeSeconds)} s makes up for what is missing.`,
    widen:
      windowDays && `A window of ${windowDays}d in place of ${window} allows ${fewestAllowed} bad events.`,
    lower:
      objective && `An objective of ${percent(objective)} allows ${fewestAllowed} bad events in ${window}.`,
  });
}

/** A line for each way that there is. */
function wayTexts(ways: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(ways).flatMap(([way, text]) => (text ? [`  ${way.padEnd(7)}${text}`] : []));
}

/** Columns to the left, two spaces apart. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `45 s`, `9 m`, `3.6 h`; whole hours as such. */
function duration(seconds: number): string {
  if (seconds < 120) return `${number(seconds)} s`;
  if (seconds < 7_200 && seconds % 3_600 !== 0) return `${number(seconds / 60)} m`;
  return `${number(Number((seconds / 3_600).toFixed(1)))} h`;
}

/** A ratio in percent, without the noise of binary arithmetic. */
function percent(ratio: number): string {
  return `${number(Number((ratio * 100).toPrecision(6)))} %`;
}

/** Three significant digits, with thousands set apart; all digits of a share of 99.9 %. */
function number(value: number): string {
  const digits = value >= 100 ? Math.round(value) : Number(value.toPrecision(value > 99 ? 6 : 3));
  return digits.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
