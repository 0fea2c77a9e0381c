import type { SliKind } from '../slo.ts';
import {
  freshnessRange,
  kinds,
  neededKeys,
  type SchemaPart,
  type SpecKey,
  serviceKeys,
  sloKeys,
  specSchema,
  thresholdRange,
} from './keys.ts';

/** The JSON schema (draft 2020-12) of a spec, for editors; the parser checks the same table, and more. */
export function specJsonSchema(): SchemaPart {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Objectives of a service (${specSchema})`,
    type: 'object',
    additionalProperties: false,
    required: required(serviceKeys),
    properties: {
      ...properties(serviceKeys),
      slos: { ...described(serviceKeys.slos), items: { $ref: '#/$defs/objective' } },
    },
    $defs: {
      objective: {
        type: 'object',
        additionalProperties: false,
        required: required(sloKeys),
        properties: properties(sloKeys),
        dependentRequired: { method: ['route'] },
        not: { anyOf: contradictions },
        allOf: kinds.map(ofKind),
      },
    },
  };
}

/** What an objective of one kind must have, and must not. */
function ofKind(kind: SliKind): SchemaPart {
  const foreign = Object.entries<SpecKey>(sloKeys).filter(
    ([, key]) => key.kinds && !key.kinds.includes(kind),
  );
  const range = thresholds[kind];
  const rules = {
    ...(neededKeys[kind].length > 0 ? { required: neededKeys[kind] } : {}),
    ...(kind === 'custom' ? { oneOf: customForms } : {}),
    properties: {
      ...Object.fromEntries(foreign.map(([name]) => [name, false])),
      ...(range ? { thresholdSeconds: { type: 'number', minimum: range.min, maximum: range.max } } : {}),
    },
  };
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema; nobody awaits a schema.
  return { if: { properties: { kind: { const: kind } }, required: ['kind'] }, then: rules };
}

/** What one objective cannot say at once. */
const contradictions = [
  { required: ['route', 'routes'] },
  { required: ['method', 'routes'] },
  { required: ['by', 'missing'], properties: { missing: { const: 'bad' } } },
];

/** The range of thresholds is that of the kind. */
const thresholds: Partial<Record<SliKind, { readonly min: number; readonly max: number }>> = {
  latency: thresholdRange,
  freshness: freshnessRange,
};

const customForms = [
  { required: ['bad', 'total'], properties: { good: false, badRatio: false } },
  { required: ['good', 'total'], properties: { bad: false, badRatio: false } },
  { required: ['badRatio'], properties: { bad: false, good: false, total: false } },
];

function required(keys: Readonly<Record<string, SpecKey>>): string[] {
  return Object.entries(keys).flatMap(([name, key]) => (key.required ? [name] : []));
}

function properties(keys: Readonly<Record<string, SpecKey>>): SchemaPart {
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, described(key)]));
}

function described({ is, schema }: SpecKey): SchemaPart {
  return { description: is, ...schema };
}
