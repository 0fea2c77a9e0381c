// A strict check of data against the part of JSON Schema that OpenAPI 2 documents and Kubernetes' CRDs use. What the
// schema does not name is a problem, as with kubeconform -strict and the API server's strict field validation.

type Schema = { readonly [key: string]: unknown };

/** One sentence per place where `value` does not fit `schema`; `root` resolves `$ref`. */
export function schemaProblems(value: unknown, schema: Schema, root: unknown, path = '$'): string[] {
  const reference = schema.$ref;
  if (typeof reference === 'string') return schemaProblems(value, resolveRef(reference, root), root, path);
  if (value === null && (schema['x-nullable'] === true || schema.nullable === true)) return [];
  if (schema['x-kubernetes-int-or-string'] === true) {
    return ['string', 'number'].includes(typeof value) ? [] : [`${path} must be a number or text`];
  }
  const type = typeof schema.type === 'string' ? schema.type : undefined;
  if (type !== undefined && !hasType(value, type))
    return [`${path} must be ${type}, not ${JSON.stringify(value)}`];
  return [...scalarProblems(value, schema, path), ...partProblems(value, schema, root, path)];
}

function partProblems(value: unknown, schema: Schema, root: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    if (typeof schema.minItems === 'number' && value.length < schema.minItems)
      return [`${path} has too few items`];
    const items = asSchema(schema.items);
    return items === undefined
      ? []
      : value.flatMap((item, i) => schemaProblems(item, items, root, `${path}[${i}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const missing = required.filter((key) => !(String(key) in value)).map((key) => `${path}.${key} is missing`);
  const properties = asSchema(schema.properties);
  const rest = asSchema(schema.additionalProperties);
  const free =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  const open = free || (properties === undefined && rest === undefined);
  const inside = Object.entries(value).flatMap(([key, inner]) => {
    const own = asSchema(properties?.[key]) ?? rest;
    if (own !== undefined) return schemaProblems(inner, own, root, `${path}.${key}`);
    return open ? [] : [`${path}.${key} is not in the schema`];
  });
  return [...missing, ...inside];
}

function scalarProblems(value: unknown, schema: Schema, path: string): string[] {
  const found: string[] = [];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
    found.push(`${path} must be one of ${schema.enum.join(', ')}, not ${JSON.stringify(value)}`);
  }
  if (typeof value === 'string') {
    if (typeof schema.pattern === 'string' && !new RegExp(schema.pattern).test(value))
      found.push(`${path} does not match`);
    if (typeof schema.minLength === 'number' && value.length < schema.minLength)
      found.push(`${path} is too short`);
    if (typeof schema.maxLength === 'number' && value.length > schema.maxLength)
      found.push(`${path} is too long`);
  }
  if (typeof value === 'number') {
    if (typeof schema.maximum === 'number' && value > schema.maximum)
      found.push(`${path} is above ${schema.maximum}`);
    if (typeof schema.minimum === 'number' && value < schema.minimum)
      found.push(`${path} is below ${schema.minimum}`);
  }
  return found;
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function asSchema(value: unknown): Schema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
}

/** `#/definitions/Project` in the document. */
export function resolveRef(reference: string, root: unknown): Schema {
  const path = reference.replace(/^#\//, '').split('/');
  const found = path.reduce<unknown>((here, key) => asSchema(here)?.[key], root);
  const schema = asSchema(found);
  if (schema === undefined) throw new Error(`the document has no ${reference}`);
  return schema;
}
