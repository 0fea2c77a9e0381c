import type { Finding, Incident } from '../../api/types.ts';

/** A step of an incident: all findings of one kind. */
export interface Step {
  kind: Finding['kind'];
  name: string;
  /** What the step looks at, in two or three words. */
  looksAt: string;
  findings: Finding[];
  /** True when nothing of this step could be tested. */
  untested: boolean;
}

const NAMES: Record<Finding['kind'], [name: string, looksAt: string]> = {
  symptom: ['Symptom', 'golden signals'],
  suspects: ['Which service', 'all services against quiet time'],
  onset: ['Onset', 'order of changes'],
  exemplars: ['Exemplars', 'from the bad buckets'],
  difference: ['Difference', 'slow or failed against before'],
  where: ['Where in the trace', 'critical path'],
  logs: ['Logs', 'templates that changed'],
  'retry-storm': ['Retry storm', 'calls per request'],
  pool: ['Pool', 'connections'],
  profiles: ['Profiles', 'CPU, goroutines, locks, heap'],
  alternatives: ['Alternatives', 'what it is not'],
};

function refuted(findings: readonly Finding[]): string {
  const count = findings.filter((f) => f.outcome === 'refuted').length;
  return `${count} of ${findings.length} refuted`;
}

/** `GET /orders/{id} with customer=42`; `no route named` for an incident that is told by its services alone. */
export function routeText({
  method,
  route,
  where = [],
}: Pick<Incident, 'method' | 'route' | 'where'>): string {
  const name = `${method} ${route}`.trim() || 'no route named';
  const which = where.map(({ key, value }) => `${key}=${value}`).join(' and ');
  return which === '' ? name : `${name} with ${which}`;
}

/** The findings of an incident as numbered steps, in the order in which they are told. */
export function stepsOf(incident: Pick<Incident, 'findings'>): Step[] {
  const kinds = Object.keys(NAMES) as Finding['kind'][];
  return kinds.flatMap((kind) => {
    const findings = incident.findings.filter((f) => f.kind === kind);
    if (findings.length === 0) return [];
    const [name, looksAt] = NAMES[kind];
    return [
      {
        kind,
        name,
        looksAt: kind === 'alternatives' ? refuted(findings) : looksAt,
        findings,
        untested: findings.every((f) => f.outcome === 'untested'),
      },
    ];
  });
}

/** A text cut after its first sentence; points inside numbers do not end one. */
export function firstSentence(text: string): { first: string; rest: string } {
  const end = /[.](?=\s|$)/.exec(text);
  const at = end ? end.index + 1 : text.length;
  return { first: text.slice(0, at), rest: text.slice(at) };
}

/** A p value as text: p = 0.31, p < 1e−9. */
export function formatP(p: number): string {
  if (p < 1e-9) return 'p < 1e−9';
  return p < 0.001 ? `p = ${p.toExponential(0).replace('-', '−')}` : `p = ${Number(p.toPrecision(2))}`;
}

/** What an alternative is called: its own name, or the thing it blames. */
export function alternativeName({ facts, subject }: Finding): string {
  const { resource, span, service } = subject;
  return String(facts['alternative'] ?? resource ?? span ?? service ?? 'other cause');
}

/** What speaks for or against an alternative: its statement without the name before it. */
export function alternativeClaim(finding: Finding): string {
  const name = `${alternativeName(finding)}: `;
  const { statement } = finding;
  return statement.startsWith(name) ? statement.slice(name.length) : statement;
}
