import { windowPlaceholder } from '../spec/expression.ts';
import { type Fields, notA, show } from '../spec/problems.ts';
import { below, objectAt, type Place, type Tell } from './draft.ts';
import type { OpenSloObjects } from './openslo-objects.ts';

/** Types of data sources that answer PromQL, lower-case. */
const promqlSources: readonly string[] = [
  ...['prometheus', 'amazonprometheus', 'googlemanagedprometheus', 'azuremonitormanagedprometheus'],
  ...['thanos', 'mimir', 'cortex', 'victoriametrics'],
];

/** Ways in which users write "the window that is asked for" into a query. */
const placeholders =
  /\{\{-?\s*\.?window\s*-?\}\}|\$\{?(?:window|__range|__rate_interval|__interval)\}?(?!\w)/g;

/** The PromQL of a metric source, with our placeholder for its window; undefined, and told, where it is no PromQL. */
export function readQuery(
  value: unknown,
  place: Place,
  objects: OpenSloObjects,
  tell: Tell,
): string | undefined {
  const metric = objectAt(value, place, ['metricSource'], tell);
  const at = below(place, 'metricSource');
  const source = metric && objectAt(metric.metricSource, at, ['metricSourceRef', 'type', 'spec'], tell);
  if (!source || !isPromql(source, at, objects, tell)) return undefined;
  const spec = below(at, 'spec');
  const fields = objectAt(source.spec, spec, Object.keys(source.spec ?? {}), tell);
  if (!fields) return undefined;
  const key = fields.query === undefined && fields.promql !== undefined ? 'promql' : 'query';
  for (const other of Object.keys(fields))
    if (other !== key) tell.warn(below(spec, other), 'is not carried over: rules query by PromQL alone');
  const query = fields[key];
  if (typeof query === 'string' && query.trim() !== '')
    return query.trim().replaceAll(placeholders, windowPlaceholder);
  tell.problem(below(spec, key), notA(query, 'a PromQL query'));
  return undefined;
}

/** Whether the source answers PromQL: by its own type, or by that of the DataSource it refers to. */
function isPromql(source: Fields, place: Place, objects: OpenSloObjects, tell: Tell): boolean {
  const { metricSourceRef: reference } = source;
  const found = typeof reference === 'string' ? objects.find('DataSource', reference) : undefined;
  const type = source.type ?? found?.spec.type;
  if (type === undefined) {
    const why =
      reference === undefined ? 'has no type' : `refers to ${show(reference)}, which is in no file read`;
    tell.warn(place, `${why}; it is taken for Prometheus`);
    return true;
  }
  if (typeof type === 'string' && promqlSources.includes(type.toLowerCase().replace(/[\s_-]/g, '')))
    return true;
  const at = source.type === undefined ? found!.place : place;
  tell.problem(
    below(at, source.type === undefined ? 'spec.type' : 'type'),
    `${show(type)} answers no PromQL; only Prometheus and what speaks like it is read`,
  );
  return false;
}
