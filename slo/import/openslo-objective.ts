/** OpenSLO's objectives -> ours, one for each. Source: https://github.com/OpenSLO/OpenSLO#objectives */
import { type Fields, notA, readWord } from '../spec/problems.ts';
import { below, type DraftSlo, objectAt, type Place, reportIn, type Tell } from './draft.ts';
import { ratioOf, sloId, slug } from './names.ts';
import type { Alerts } from './openslo-alerts.ts';
import { methods, type ObjectiveOf, readIndicator } from './openslo-indicator.ts';
import { type OpenSloObject, type OpenSloObjects, readBody } from './openslo-objects.ts';

/** An SLO as far as all of its objectives share it. */
export interface Shared {
  readonly slo: OpenSloObject;
  readonly spec: Fields;
  readonly alerts: Alerts;
}

const objectiveKeys = [
  ...['displayName', 'op', 'value', 'target', 'targetPercent', 'timeSliceTarget', 'timeSliceWindow'],
  ...['indicator', 'indicatorRef', 'compositeWeight'],
];

/** The objectives of one SLO; those that are not right are told and left out. */
export function readObjectives(shared: Shared, objects: OpenSloObjects, tell: Tell): readonly DraftSlo[] {
  const { spec, place } = shared.slo;
  const at = below(place, 'spec.objectives');
  const method = readWord(
    spec.budgetingMethod,
    below(place, 'spec.budgetingMethod').path,
    methods,
    reportIn(place.document, tell),
  );
  if (!Array.isArray(spec.objectives) || spec.objectives.length === 0) {
    tell.problem(at, notA(spec.objectives, 'a list of at least one objective'));
    return [];
  }
  const several = spec.objectives.length > 1;
  return spec.objectives.flatMap((one: unknown, index) => {
    const where = below(at, `[${index}]`);
    const fields = objectAt(one, where, objectiveKeys, tell);
    if (!fields || !method) return [];
    const ending = several ? `-${slug(String(fields.displayName ?? '')) || index + 1}` : '';
    return readObjective(shared, { fields, place: where, method }, ending, objects, tell) ?? [];
  });
}

function readObjective(
  { slo, spec }: Shared,
  objective: ObjectiveOf,
  ending: string,
  objects: OpenSloObjects,
  tell: Tell,
): DraftSlo | undefined {
  const { fields, place } = objective;
  if (fields.compositeWeight !== undefined)
    tell.warn(below(place, 'compositeWeight'), 'is not carried over: each part is an objective of its own');
  if (ending === '' && fields.displayName !== undefined)
    tell.warn(below(place, 'displayName'), 'is not carried over: the objective has the name of its SLO');
  const ratio = readTarget(fields, place, tell);
  const sli = sliOf(slo, objective, objects, tell);
  const indicator = sli && readIndicator(sli, objective, objects, tell);
  if (ratio === undefined || !indicator || spec.window === undefined) return undefined;
  const name = below(slo.place, 'metadata.name');
  const id = `${sloId(slo.name, name, tell)}${ending}`;
  const target = below(place, fields.target === undefined ? 'targetPercent' : 'target');
  return {
    spec: { id, ...spec, ...indicator.spec, objective: ratio },
    place,
    places: { id: name, objective: target, ...indicator.places },
  };
}

/** The indicator of an objective: its own, or that of the SLO, standing there or named. */
function sliOf(slo: OpenSloObject, objective: ObjectiveOf, objects: OpenSloObjects, tell: Tell) {
  const own = objective.fields.indicator !== undefined || objective.fields.indicatorRef !== undefined;
  const [fields, place] = own ? [objective.fields, objective.place] : [slo.spec, below(slo.place, 'spec')];
  if ((fields.indicator === undefined) === (fields.indicatorRef === undefined)) {
    tell.problem(place, 'must have one of indicator and indicatorRef');
    return undefined;
  }
  if (fields.indicatorRef !== undefined)
    return objects.resolve('SLI', fields.indicatorRef, below(place, 'indicatorRef'));
  const at = below(place, 'indicator');
  const inline = objectAt(fields.indicator, at, ['metadata', 'spec'], tell);
  return inline && readBody(inline, 'SLI', at, tell);
}

function readTarget(fields: Fields, place: Place, tell: Tell): number | undefined {
  const { target, targetPercent } = fields;
  if ((target === undefined) === (targetPercent === undefined)) {
    tell.problem(place, 'must have one of target and targetPercent');
    return undefined;
  }
  const [key, value, most] =
    target === undefined
      ? (['targetPercent', targetPercent, 100] as const)
      : (['target', target, 1] as const);
  if (typeof value === 'number' && value > 0 && value < most) return most === 1 ? value : ratioOf(value);
  const hint = value === most ? '; it leaves no error budget to watch' : '';
  tell.problem(below(place, key), `${notA(value, `a number above 0 and below ${most}`)}${hint}`);
  return undefined;
}
