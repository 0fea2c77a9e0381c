import type { Service, Severity, Slo } from '../slo.ts';
import { maxSlos, pattern, serviceKeys, specSchema } from './keys.ts';
import {
  checkRunbook,
  matching,
  notA,
  type Report,
  readObject,
  readOptional,
  readText,
  type SpecProblem,
  show,
} from './problems.ts';
import { readSlo } from './read-slo.ts';

export type SpecResult =
  | { readonly ok: true; readonly service: Service }
  | { readonly ok: false; readonly problems: readonly SpecProblem[] };

/**
 * Reads a spec: slo.json as text, or its parsed value. Strict: unknown keys are refused, and every problem is
 * listed with its path, not the first one only. The result is plain data; nothing is filled in by guess.
 */
export function parseSpec(input: unknown): SpecResult {
  const problems: SpecProblem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  let value = input;
  if (typeof input === 'string') {
    try {
      value = JSON.parse(input);
    } catch (error) {
      return { ok: false, problems: [{ path: '', message: `not JSON: ${(error as Error).message}` }] };
    }
  }
  const service = readService(value, report);
  return problems.length === 0 && service ? { ok: true, service } : { ok: false, problems };
}

function readService(value: unknown, report: Report): Service | undefined {
  const fields = readObject(value, '', Object.keys(serviceKeys), report);
  if (!fields) return undefined;
  if (fields.schema !== specSchema) {
    report('schema', notA(fields.schema, `"${specSchema}"`));
  }
  const name = readText(fields, 'service', '', report);
  if (name !== undefined && !matching(name, pattern.service)) {
    report(
      'service',
      `${show(name)} is no service name; use lower-case letters, digits and "-", like "shop"`,
    );
  }
  const owner = readText(fields, 'owner', '', report);
  const runbook = readText(fields, 'runbook', '', report);
  checkRunbook(runbook, 'runbook', report);
  const job = readOptional(fields, 'job', '', report);
  const grafana = readOptional(fields, 'grafana', '', report)?.replace(/\/+$/, '');
  if (grafana !== undefined && !matching(grafana, pattern.url))
    report('grafana', `${show(grafana)} is no URL, like "https://grafana.example.com"`);
  const routing = readRouting(fields.routing, report);
  const slos = readSlos(fields.slos, report);
  if (name === undefined || owner === undefined || runbook === undefined) return undefined;
  return {
    ...{ name, owner, runbook, slos },
    ...(job === undefined ? {} : { job }),
    ...(grafana === undefined ? {} : { grafana }),
    ...(routing === undefined ? {} : { routing }),
  };
}

function readRouting(value: unknown, report: Report): Service['routing'] {
  if (value === undefined) return undefined;
  const fields = readObject(value, 'routing', ['page', 'ticket'], report);
  if (!fields) return undefined;
  const severities: readonly Severity[] = ['page', 'ticket'];
  const receivers = severities.flatMap((severity) => {
    const receiver = readOptional(fields, severity, 'routing', report);
    return receiver === undefined ? [] : [[severity, receiver] as const];
  });
  if (Object.keys(fields).length === 0)
    report('routing', 'names no receiver; write "page", "ticket" or both, or leave it out');
  return Object.fromEntries(receivers);
}

function readSlos(value: unknown, report: Report): readonly Slo[] {
  if (!Array.isArray(value)) {
    report('slos', notA(value, 'a list of objectives ([] for none)'));
    return [];
  }
  if (value.length > maxSlos) {
    report('slos', `${value.length} objectives are more than the ${maxSlos} that one service may have`);
    return [];
  }
  const firstPath = new Map<string, string>();
  return value.flatMap((item: unknown, index) => {
    const path = `slos[${index}]`;
    const slo = readSlo(item, path, report);
    if (!slo) return [];
    const earlier = firstPath.get(slo.id);
    if (earlier) report(`${path}.id`, `"${slo.id}" is also the id of ${earlier}; ids must differ`);
    else firstPath.set(slo.id, path);
    return [slo];
  });
}
