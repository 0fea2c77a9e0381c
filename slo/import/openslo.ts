/**
 * OpenSLO v1 -> ours: one service of all the SLOs that name it, and one objective of ours for each of an SLO's objectives.
 * Source: https://github.com/OpenSLO/OpenSLO#slo
 */
import { groupedBy } from '../grouped-by.ts';
import type { Severity } from '../slo.ts';
import { specSchema } from '../spec/keys.ts';
import { type Fields, notA, readText } from '../spec/problems.ts';
import type { SpecDocument } from './documents.ts';
import { below, type Draft, draftOf, type SpecDefaults, type Tell } from './draft.ts';
import { agreed, answerable, descriptionOf, ownerIn, runbookIn, serviceName } from './names.ts';
import { readAlerts } from './openslo-alerts.ts';
import { readObjectives, type Shared } from './openslo-objective.ts';
import { type OpenSloObject, type OpenSloObjects, readObjects } from './openslo-objects.ts';
import { readTimeWindow } from './openslo-window.ts';

/** Reads all OpenSLO documents together, so that they may refer to each other. */
export function readOpenSlo(
  documents: readonly SpecDocument[],
  tell: Tell,
  defaults: SpecDefaults,
): readonly Draft[] {
  const objects = readObjects(documents, tell);
  const byService = groupedBy(objects.of('SLO'), ({ spec }) => spec.service);
  const drafts = [...byService].flatMap(
    ([name, slos]) => readService(name, slos, objects, tell, defaults) ?? [],
  );
  for (const { kind, place } of objects.unused())
    tell.warn(place, `is left out: nothing refers to this ${kind}`);
  return drafts;
}

function readService(
  name: unknown,
  slos: readonly OpenSloObject[],
  objects: OpenSloObjects,
  tell: Tell,
  defaults: SpecDefaults,
): Draft | undefined {
  const first = below(slos[0]!.place, 'spec.service');
  if (readText({ service: name }, 'service', '', () => undefined) === undefined) {
    tell.problem(first, notA(name, 'the name of a service'));
    return undefined;
  }
  const object = objects.find('Service', String(name));
  const place = object?.place ?? slos[0]!.place;
  const read = slos.map((slo) => readShared(slo, objects, tell, defaults));
  const answers = answersOf(object, tell);
  const specs = read.map((shared) => shared.spec);
  const found = { ...agreed(specs, 'owner'), ...agreed(specs, 'runbook'), ...answers };
  const spec = {
    schema: specSchema,
    service: serviceName(String(name), first, tell),
    ...answerable(found, defaults, place, tell),
    ...routingOf(read, tell),
  };
  const places = { service: first, owner: below(place, 'metadata.labels') };
  return draftOf(
    { spec, place, places },
    read.flatMap((shared) => readObjectives(shared, objects, tell)),
  );
}

/** Owner and runbook of an object, from its labels and annotations. */
function answersOf(object: OpenSloObject | undefined, tell: Tell): Pick<SpecDefaults, 'owner' | 'runbook'> {
  if (!object) return {};
  const { metadata, place } = object;
  const owner = ownerIn(metadata.labels, below(place, 'metadata.labels'), tell);
  const runbook = runbookIn(metadata.annotations, below(place, 'metadata.annotations'), tell);
  return { ...(owner === undefined ? {} : { owner }), ...(runbook === undefined ? {} : { runbook }) };
}

/** Receivers by severity; a second one for a severity cannot be said. */
function routingOf(read: readonly Shared[], tell: Tell): Fields {
  const routing = new Map<Severity, string>();
  for (const { severity, receiver, place } of read.flatMap(({ alerts }) => alerts.receivers)) {
    const first = routing.get(severity) ?? receiver;
    routing.set(severity, first);
    if (first !== receiver)
      tell.warn(place, `"${receiver}" is left out: the service's ${severity}s go to "${first}" alone`);
  }
  return routing.size === 0 ? {} : { routing: Object.fromEntries(routing) };
}

function readShared(slo: OpenSloObject, objects: OpenSloObjects, tell: Tell, defaults: SpecDefaults): Shared {
  const { spec, metadata, place } = slo;
  const at = below(place, 'spec');
  const window = readTimeWindow(spec.timeWindow, below(at, 'timeWindow'), defaults, tell);
  const described = spec.description === undefined ? 'metadata.displayName' : 'spec.description';
  if (described !== 'metadata.displayName' && metadata.displayName !== undefined)
    tell.warn(below(place, 'metadata.displayName'), 'is not carried over beside a description');
  const alerts = readAlerts(slo, objects, tell);
  const shared = {
    ...descriptionOf(spec.description ?? metadata.displayName, below(place, described), tell),
    ...(window === undefined ? {} : { window }),
    ...{ alerts: alerts.alerts, ...answersOf(slo, tell) },
  };
  return { slo, spec: shared, alerts };
}
