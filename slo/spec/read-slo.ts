import { label } from '../conventions.ts';
import {
  type EventsExpr,
  errorBudget,
  type ObjectiveWindow,
  type Sli,
  type SliKind,
  type Slo,
} from '../slo.ts';
import { droppedLabels } from './expression.ts';
import { maxIdLength, maxWindowDays, pattern, type SpecKey, sloKeys } from './keys.ts';
import {
  checkRunbook,
  type Fields,
  matching,
  notA,
  type Report,
  readObject,
  readOptional,
  readText,
  readWord,
  show,
} from './problems.ts';
import { readBy, readRoutes } from './routes.ts';
import { readSli } from './sli.ts';

/** The smallest error budget: below it, binary numbers cannot tell the objective from 1. */
const minBudget = 1e-8;

/** Reads one objective; undefined, and reported, where it is not right. `path` is its place, like `slos[2]`. */
export function readSlo(value: unknown, path: string, report: Report): Slo | undefined {
  const fields = readObject(value, path, Object.keys(sloKeys), report);
  if (!fields) return undefined;
  const id = readText(fields, 'id', path, report);
  if (id !== undefined && !matching(id, pattern.id)) {
    report(
      `${path}.id`,
      `${show(id)} is no id; use lower-case letters, digits and "-", like "orders-availability"`,
    );
  } else if (id !== undefined && id.length > maxIdLength) {
    report(`${path}.id`, `${show(id)} has ${id.length} characters; an id has at most ${maxIdLength}`);
  }
  const description = readOptional(fields, 'description', path, report);
  const sli = readSli(fields, path, report);
  if (sli) refuseForeign(fields, sli.kind, path, report);
  const routes = readRoutes(fields, path, report);
  const by = readBy(fields, path, report);
  if (sli) refuseGrouping(by, sli, path, report);
  const ratio = readRatio(fields.objective, `${path}.objective`, report);
  const window = readWindow(fields.window, `${path}.window`, report);
  const alerts =
    fields.alerts === undefined
      ? 'page'
      : readWord(fields.alerts, `${path}.alerts`, ['page', 'ticket', 'none'], report);
  const owner = readOptional(fields, 'owner', path, report);
  const runbook = readOptional(fields, 'runbook', path, report);
  checkRunbook(runbook, `${path}.runbook`, report);
  if (id === undefined || !sli || ratio === undefined || !window || !alerts) return undefined;
  return {
    ...{ id, routes, by, sli, objective: { ratio, window }, alerts },
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(runbook === undefined ? {} : { runbook }),
  };
}

/** The user's own expressions by their keys; counters alone keep their labels. */
function expressionsOf(sli: Sli): readonly (readonly [key: string, text: string])[] {
  if (sli.kind === 'saturation') return [['gauge', sli.gauge]];
  if (sli.kind === 'freshness') return [['timestamp', sli.timestamp]];
  if (sli.kind !== 'custom') return [];
  return Object.entries(sli.events).flatMap(([key, expr]: [string, string | EventsExpr]) => {
    if (typeof expr === 'string') return [[key, expr] as const];
    return 'text' in expr ? [[key, expr.text] as const] : [];
  });
}

/** Labels that no budget of its own can be kept by. */
function refuseGrouping(by: readonly string[], sli: Sli, path: string, report: Report): void {
  for (const [key, text] of expressionsOf(sli)) {
    const lost = droppedLabels(text, by);
    if (lost.length > 0)
      report(
        `${path}.${key}`,
        `sums away ${lost.join(', ')}, which "by" names: no group would be found; write sum by (${by.join(', ')}) (…)`,
      );
  }
  if (by.length > 0 && 'missing' in sli && sli.missing === 'bad')
    report(
      `${path}.by`,
      'cannot stand beside missing: "bad": a group without a value has no labels to be counted under; remove one of both',
    );
  if (!sloKeys.route.kinds.includes(sli.kind as (typeof sloKeys.route.kinds)[number])) return;
  for (const [index, name] of by.entries())
    if (name === label.statusCode || name === label.errorType)
      report(
        `${path}.by[${index}]`,
        `${show(name)} tells failures from answers: its groups are all good or all bad, and the bad ones always page`,
      );
}

/** Keys that belong to other kinds than this one. */
function refuseForeign(fields: Fields, kind: SliKind, path: string, report: Report): void {
  for (const [key, { kinds }] of Object.entries<SpecKey>(sloKeys)) {
    if (fields[key] === undefined || !kinds || kinds.includes(kind)) continue;
    const whose = kinds.map((one) => `"${one}"`).join(' or ');
    report(`${path}.${key}`, `belongs to ${whose} objectives only; remove it or change the kind`);
  }
}

function readRatio(value: unknown, path: string, report: Report): number | undefined {
  const inside = typeof value === 'number' && value > 0 && value < 1;
  if (inside && errorBudget({ ratio: value }) > minBudget) return value;
  const percent = typeof value === 'number' && value > 1 && value < 100;
  const hint = percent ? `; ${value} % is written ${Number((value / 100).toPrecision(9))}` : ', like 0.999';
  report(
    path,
    inside
      ? `${value} leaves less than one bad event in ${1 / minBudget}; that cannot be measured, promise less`
      : `${notA(value, 'a ratio between 0 and 1')}${hint}`,
  );
  return undefined;
}

function readWindow(value: unknown, path: string, report: Report): ObjectiveWindow | undefined {
  if (value === 'month') return { kind: 'month' };
  const days = typeof value === 'string' ? Number(/^([1-9]\d?)d$/.exec(value)?.[1]) : Number.NaN;
  if (days <= maxWindowDays) return { kind: 'rolling', days };
  report(path, notA(value, `a window of 1 to ${maxWindowDays} days, like "30d", or "month"`));
  return undefined;
}
