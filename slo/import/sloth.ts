/**
 * Sloth's specs -> ours. Both forms hold the same: a file with snake_case keys, and the Kubernetes resource with camelCase ones.
 * Sources: https://sloth.dev/specs/default/ and https://github.com/slok/sloth/tree/main/pkg/kubernetes/api/sloth/v1
 */
import { specSchema } from '../spec/keys.ts';
import { type Fields, notA, readText } from '../spec/problems.ts';
import type { SpecDocument } from './documents.ts';
import {
  below,
  type Draft,
  type DraftSlo,
  draftOf,
  objectAt,
  type Place,
  reportIn,
  type SpecDefaults,
  type Tell,
} from './draft.ts';
import {
  agreed,
  answerable,
  descriptionOf,
  dropped,
  ownerIn,
  ratioOf,
  runbookIn,
  serviceName,
  sloId,
} from './names.ts';
import { forms, type Reading, readSli } from './sloth-indicator.ts';

export const slothVersion = 'prometheus/v1';
export const slothResource = { apiVersion: 'sloth.slok.dev/v1', kind: 'PrometheusServiceLevel' } as const;

const ownLabels =
  'alerts have labels and annotations of their own, and are routed by severity, service and owner';

/** Sloth's own window where its command line names none. */
const defaultWindow = '30d';

/** Reads one document of Sloth's, of either form; undefined, and told, where it is none. */
export function readSloth(document: SpecDocument, tell: Tell, defaults: SpecDefaults): Draft | undefined {
  const value = document.value as Fields;
  const place = { document, path: document.prefix };
  if (value.apiVersion === undefined)
    return readService(value, place, ['version'], { form: forms.file, tell, defaults });
  const known = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
  if (!objectAt(value, place, known, tell)) return undefined;
  const spec = below(place, 'spec');
  return readService(value.spec, spec, [], { form: forms.resource, tell, defaults });
}

function readService(
  value: unknown,
  place: Place,
  more: readonly string[],
  reading: Reading,
): Draft | undefined {
  const { form, tell, defaults } = reading;
  const report = reportIn(place.document, tell);
  const fields = objectAt(value, place, [...more, 'service', 'labels', form.plugins, 'slos'], tell);
  if (!fields) return undefined;
  const at = (key: string) => below(place, key);
  if (fields[form.plugins] !== undefined) tell.warn(at(form.plugins), 'is not run: the rules are our own');
  const name = readText(fields, 'service', place.path, report);
  const slos = readSlos(fields.slos, at('slos'), reading);
  const owner = ownerIn(fields.labels, at('labels'), tell);
  const specs = slos.map((slo) => slo.spec);
  const found = {
    ...agreed(specs, 'runbook'),
    ...agreed(specs, 'owner'),
    ...(owner === undefined ? {} : { owner }),
  };
  const spec = {
    schema: specSchema,
    ...(name === undefined ? {} : { service: serviceName(name, at('service'), tell) }),
    ...answerable(found, defaults, place, tell),
  };
  if (name === undefined) return undefined;
  const places = { service: at('service'), owner: at('labels') };
  return { ...draftOf({ spec, place, places }, slos), placeholder: '{{.window}}' };
}

function readSlos(value: unknown, place: Place, reading: Reading): readonly DraftSlo[] {
  if (!Array.isArray(value) || value.length === 0) {
    reading.tell.problem(place, notA(value, 'a list of at least one objective'));
    return [];
  }
  return value.flatMap((one: unknown, index) => readSlo(one, below(place, `[${index}]`), reading) ?? []);
}

const sloKeys = ['name', 'description', 'objective', 'labels', 'sli', 'alerting', 'plugins'];

function readSlo(value: unknown, place: Place, reading: Reading): DraftSlo | undefined {
  const { tell, defaults } = reading;
  const report = reportIn(place.document, tell);
  const fields = objectAt(value, place, sloKeys, tell);
  if (!fields) return undefined;
  const at = (key: string) => below(place, key);
  if (fields.plugins !== undefined) tell.warn(at('plugins'), 'is not run: the rules are our own');
  const name = readText(fields, 'name', place.path, report);
  const objective = readPercent(fields.objective, at('objective'), tell);
  const sli = readSli(fields.sli, at('sli'), reading);
  const owner = ownerIn(fields.labels, at('labels'), tell);
  const alerting = readAlerting(fields.alerting, at('alerting'), reading);
  if (name === undefined || objective === undefined || !sli) return undefined;
  return {
    spec: {
      id: sloId(name, at('name'), tell),
      ...descriptionOf(fields.description, at('description'), tell),
      ...{ kind: 'custom', ...sli.spec, objective, window: defaults.window ?? defaultWindow },
      ...alerting,
      ...(owner === undefined ? {} : { owner }),
    },
    place,
    places: {
      id: at('name'),
      objective: at('objective'),
      runbook: at('alerting.annotations'),
      ...sli.places,
    },
  };
}

function readPercent(value: unknown, place: Place, tell: Tell): number | undefined {
  if (typeof value === 'number' && value > 0 && value < 100) return ratioOf(value);
  const hint = value === 100 ? '; 100 leaves no error budget to watch' : ', like 99.9';
  tell.problem(place, `${notA(value, 'a percentage above 0 and below 100')}${hint}`);
  return undefined;
}

/** The gravest alert, the runbook among the annotations, and warnings for what alerts of ours cannot have. */
function readAlerting(value: unknown, place: Place, { form, tell }: Reading): Fields {
  if (value === undefined) return {};
  const fields = objectAt(value, place, ['name', 'labels', 'annotations', form.page, form.ticket], tell);
  if (!fields) return {};
  if (fields.name !== undefined)
    tell.warn(
      below(place, 'name'),
      'is not carried over: all burn-rate alerts have one name, and a label "slo"',
    );
  dropped(fields.labels, below(place, 'labels'), tell, ownLabels);
  const runbook = runbookIn(fields.annotations, below(place, 'annotations'), tell);
  const [page, ticket] = [form.page, form.ticket].map((key) =>
    readAlert(fields[key], below(place, key), tell),
  );
  if (page && !ticket)
    tell.warn(
      below(place, form.ticket),
      'cannot be switched off alone: an objective that pages sends tickets too',
    );
  const alerts = page ? 'page' : ticket ? 'ticket' : 'none';
  return { alerts, ...(runbook === undefined ? {} : { runbook }) };
}

/** Whether the alert is sent. */
function readAlert(value: unknown, place: Place, tell: Tell): boolean {
  if (value === undefined || value === null) return true;
  const fields = objectAt(value, place, ['disable', 'labels', 'annotations'], tell);
  if (!fields) return true;
  const { disable } = fields;
  if (disable !== undefined && typeof disable !== 'boolean')
    tell.problem(below(place, 'disable'), notA(disable, 'true or false'));
  for (const key of ['labels', 'annotations'] as const)
    dropped(fields[key], below(place, key), tell, ownLabels);
  return disable !== true;
}
