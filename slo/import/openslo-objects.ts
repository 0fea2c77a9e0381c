/**
 * OpenSLO's objects by kind and name, and how they refer to each other. Source: https://github.com/OpenSLO/OpenSLO#object-types
 */
import { nearest } from '../nearest.ts';
import { type Fields, notA, readText, readWord, show } from '../spec/problems.ts';
import type { SpecDocument } from './documents.ts';
import { below, objectAt, type Place, placeText, reportIn, type Tell } from './draft.ts';

export const openSloVersion = 'openslo/v1';

/** Each kind with the keys of its `spec`. */
const specKeys = {
  SLO: [
    ...['description', 'service', 'indicator', 'indicatorRef', 'timeWindow', 'budgetingMethod', 'objectives'],
    'alertPolicies',
  ],
  SLI: ['description', 'thresholdMetric', 'ratioMetric'],
  Service: ['description'],
  DataSource: ['description', 'type', 'connectionDetails'],
  AlertPolicy: [
    ...['description', 'alertWhenNoData', 'alertWhenResolved', 'alertWhenBreaching', 'conditions'],
    'notificationTargets',
  ],
  AlertCondition: ['description', 'severity', 'condition'],
  AlertNotificationTarget: ['description', 'target'],
} as const satisfies Record<string, readonly string[]>;

export type Kind = keyof typeof specKeys;
const kinds = Object.keys(specKeys) as Kind[];

/** One object: its name, metadata and spec, with the place of the whole. */
export interface OpenSloObject {
  readonly kind: Kind;
  readonly name: string;
  readonly metadata: Fields;
  readonly spec: Fields;
  readonly place: Place;
}

/** All objects of the files read together. */
export interface OpenSloObjects {
  readonly of: (kind: Kind) => readonly OpenSloObject[];
  /** The object that a reference names; undefined, and told, where there is none. */
  readonly resolve: (kind: Kind, name: unknown, place: Place) => OpenSloObject | undefined;
  readonly find: (kind: Kind, name: string) => OpenSloObject | undefined;
  /** Those that nothing refers to. */
  readonly unused: () => readonly OpenSloObject[];
}

/** Reads the objects of all documents; a name that stands twice in a kind is a problem. */
export function readObjects(documents: readonly SpecDocument[], tell: Tell): OpenSloObjects {
  const byName = new Map<string, OpenSloObject>();
  const used = new Set<OpenSloObject>();
  for (const document of documents) {
    const object = readDocument(document, tell);
    if (!object) continue;
    const key = `${object.kind}/${object.name}`;
    const first = byName.get(key);
    if (first === undefined) byName.set(key, object);
    else tell.problem(below(object.place, 'metadata.name'), sameName(object, first));
  }
  const all = [...byName.values()];
  const find = (kind: Kind, name: string) => {
    const object = byName.get(`${kind}/${name}`);
    if (object) used.add(object);
    return object;
  };
  return {
    of: (kind) => all.filter((object) => object.kind === kind),
    find,
    resolve: (kind, name, place) => {
      const object = typeof name === 'string' ? find(kind, name) : undefined;
      if (!object) tell.problem(place, noObject(kind, name, all));
      return object;
    },
    unused: () => all.filter((object) => object.kind !== 'SLO' && !used.has(object)),
  };
}

function sameName({ kind, name }: OpenSloObject, { place }: OpenSloObject): string {
  return `${show(name)} is also the ${kind} of ${placeText(below(place, 'metadata.name'))}; names must differ`;
}

function noObject(kind: Kind, name: unknown, all: readonly OpenSloObject[]): string {
  if (typeof name !== 'string') return notA(name, `the name of a ${kind}`);
  const names = all.flatMap((object) => (object.kind === kind ? [object.name] : []));
  const meant = nearest(name, names);
  const advice = meant ? `did you mean ${show(meant)}?` : `write it into one of the files read`;
  return `no ${kind} is named ${show(name)}; ${advice}`;
}

function readDocument(document: SpecDocument, tell: Tell): OpenSloObject | undefined {
  const place = { document, path: document.prefix };
  const fields = objectAt(document.value, place, ['apiVersion', 'kind', 'metadata', 'spec'], tell);
  const kind = fields && readWord(fields.kind, below(place, 'kind').path, kinds, reportIn(document, tell));
  return kind && readBody(fields, kind, place, tell);
}

/**
 * The name and the checked `spec` of an object, which also may stand inside of another.
 * @param fields what holds `metadata` and `spec`
 */
export function readBody(fields: Fields, kind: Kind, place: Place, tell: Tell): OpenSloObject | undefined {
  const at = below(place, 'metadata');
  const metadata = objectAt(fields.metadata, at, ['name', 'displayName', 'labels', 'annotations'], tell);
  const spec = objectAt(fields.spec, below(place, 'spec'), specKeys[kind], tell);
  const name = metadata && readText(metadata, 'name', at.path, reportIn(place.document, tell));
  if (!metadata || name === undefined || !spec) return undefined;
  const object = { kind, name, metadata, spec, place };
  if (kind !== 'SLO') tellWhatIsLeft(object, tell);
  return object;
}

/** Only an SLO has words and labels that are kept, and a service has labels. */
function tellWhatIsLeft({ kind, metadata, spec, place }: OpenSloObject, tell: Tell): void {
  const left = {
    displayName: metadata.displayName,
    ...(kind === 'Service' ? {} : { labels: metadata.labels, annotations: metadata.annotations }),
  };
  for (const [key, value] of Object.entries(left))
    if (value !== undefined)
      tell.warn(below(place, `metadata.${key}`), `is left out: it describes the ${kind}`);
  if (spec.description !== undefined)
    tell.warn(below(place, 'spec.description'), `is left out: it describes the ${kind}`);
  if (spec.connectionDetails !== undefined)
    tell.warn(
      below(place, 'spec.connectionDetails'),
      'is left out: rules query the Prometheus that runs them',
    );
  if (kind === 'AlertNotificationTarget')
    tell.warn(
      below(place, 'spec.target'),
      'is left out: Alertmanager knows how to reach the receiver of that name',
    );
}
