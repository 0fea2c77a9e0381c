/** OpenSLO's alert policies -> the gravest alert of an objective and its receivers. Source: https://github.com/OpenSLO/OpenSLO#alertpolicy */
import type { Severity } from '../slo.ts';
import { type Fields, notA, show } from '../spec/problems.ts';
import { below, objectAt, type Place, type Tell } from './draft.ts';
import { type Kind, type OpenSloObject, type OpenSloObjects, readBody } from './openslo-objects.ts';

export interface Alerts {
  readonly alerts: Severity | 'none';
  /** The target that each severity notifies, where a policy names one. */
  readonly receivers: readonly {
    readonly severity: Severity;
    readonly receiver: string;
    readonly place: Place;
  }[];
}

const pages = /^(page|critical|urgent|emergency|high|sev-?[01]|p[01])$/i;
const tickets = /^(ticket|warning|warn|minor|info|low|medium|sev-?[2-9]|p[2-9])$/i;

/** Who is called by the policies of an SLO. Without any it is silent in OpenSLO, and stays so, with a warning. */
export function readAlerts(slo: OpenSloObject, objects: OpenSloObjects, tell: Tell): Alerts {
  const place = below(slo.place, 'spec.alertPolicies');
  const { alertPolicies: value } = slo.spec;
  const policies = value ?? [];
  if (!Array.isArray(policies)) {
    tell.problem(place, notA(value, 'a list of policies'));
    return { alerts: 'none', receivers: [] };
  }
  if (policies.length === 0)
    tell.warn(
      place,
      'is missing: the objective sends no alert; name a policy with a condition of severity page or ticket',
    );
  const read = policies.flatMap((one: unknown, index) => {
    const object = inlineOrNamed(
      'AlertPolicy',
      'alertPolicyRef',
      one,
      below(place, `[${index}]`),
      objects,
      tell,
    );
    return object ? [readPolicy(object, objects, tell)] : [];
  });
  const alerts = read.map((policy) => policy.alerts);
  return {
    alerts: alerts.includes('page') ? 'page' : alerts.includes('ticket') ? 'ticket' : 'none',
    receivers: read.flatMap((policy) => policy.receivers),
  };
}

function readPolicy(policy: OpenSloObject, objects: OpenSloObjects, tell: Tell): Alerts {
  const at = (key: string) => below(policy.place, `spec.${key}`);
  const { spec } = policy;
  if (spec.alertWhenBreaching === false) {
    tell.warn(at('alertWhenBreaching'), 'is false: the policy is left out, alerts are about breaches');
    return { alerts: 'none', receivers: [] };
  }
  if (spec.alertWhenNoData === true)
    tell.warn(at('alertWhenNoData'), 'is not carried over: missing data lowers the coverage, which is shown');
  if (spec.alertWhenResolved === true)
    tell.warn(
      at('alertWhenResolved'),
      'is not carried over: the receiver of Alertmanager decides it (send_resolved)',
    );
  const conditions = objectsIn(
    'AlertCondition',
    'conditionRef',
    spec.conditions,
    at('conditions'),
    objects,
    tell,
  );
  const severities = conditions.map((condition) => severityOf(condition, tell));
  const alerts: Alerts['alerts'] = severities.includes('page')
    ? 'page'
    : severities.length > 0
      ? 'ticket'
      : 'none';
  const targets = spec.notificationTargets ?? [];
  const names = objectsIn(
    'AlertNotificationTarget',
    'targetRef',
    targets,
    at('notificationTargets'),
    objects,
    tell,
  );
  if (alerts === 'none') return { alerts, receivers: [] };
  const receivers = names.map(({ name }) => ({
    severity: alerts,
    receiver: name,
    place: at('notificationTargets'),
  }));
  return { alerts, receivers };
}

function severityOf({ spec, place }: OpenSloObject, tell: Tell): Severity {
  const at = below(place, 'spec.severity');
  const { severity, condition } = spec;
  const inner = below(place, 'spec.condition');
  const fields = objectAt(
    condition,
    inner,
    ['kind', 'op', 'threshold', 'lookbackWindow', 'alertAfter'],
    tell,
  );
  if (fields)
    tell.warn(inner, 'is not carried over: an objective is watched by the burn-rate tiers of this project');
  if (typeof severity !== 'string') {
    tell.problem(at, notA(severity, 'a severity, like "page" or "ticket"'));
    return 'ticket';
  }
  if (pages.test(severity)) return 'page';
  if (!tickets.test(severity))
    tell.warn(at, `${show(severity)} is read as a ticket; write "page" where it wakes somebody`);
  return 'ticket';
}

function objectsIn(
  kind: Kind,
  reference: string,
  value: unknown,
  place: Place,
  objects: OpenSloObjects,
  tell: Tell,
): readonly OpenSloObject[] {
  if (!Array.isArray(value)) {
    tell.problem(place, notA(value, `a list of ${kind}s`));
    return [];
  }
  return value.flatMap(
    (one: unknown, index) =>
      inlineOrNamed(kind, reference, one, below(place, `[${index}]`), objects, tell) ?? [],
  );
}

/** An object that stands here, or is named here and stands elsewhere. */
function inlineOrNamed(
  kind: Kind,
  reference: string,
  value: unknown,
  place: Place,
  objects: OpenSloObjects,
  tell: Tell,
): OpenSloObject | undefined {
  const fields: Fields | undefined = objectAt(value, place, [reference, 'kind', 'metadata', 'spec'], tell);
  if (!fields) return undefined;
  if (fields[reference] !== undefined)
    return objects.resolve(kind, fields[reference], below(place, reference));
  if (fields.kind !== undefined && fields.kind !== kind) {
    tell.problem(below(place, 'kind'), notA(fields.kind, `"${kind}"`));
    return undefined;
  }
  return readBody(fields, kind, place, tell);
}
