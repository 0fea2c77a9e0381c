import { ImageError } from './problem.ts';

/** A JSON object, read field by field: what is of another type counts as missing. */
export type Fields = {
  text: (name: string) => string | undefined;
  number: (name: string) => number | undefined;
  /** Whether it is true. */
  flag: (name: string) => boolean;
  object: (name: string) => Fields;
  /** The objects in a list. */
  objects: (name: string) => Fields[];
  texts: (name: string) => string[];
  /** Keys and values of an object of texts. */
  textsByKey: (name: string) => ReadonlyMap<string, string>;
  keys: (name: string) => string[];
  has: (name: string) => boolean;
};

/** Reads any value; one that is no object has no fields. */
export function fieldsOf(value: unknown): Fields {
  const record = isRecord(value) ? value : {};
  // Object.hasOwn: a document's "constructor" is no field of every object.
  const get = (name: string): unknown => (Object.hasOwn(record, name) ? record[name] : undefined);
  const list = (name: string): unknown[] => {
    const found = get(name);
    return Array.isArray(found) ? found : [];
  };
  const entries = (name: string): [string, unknown][] => {
    const found = get(name);
    return isRecord(found) ? Object.entries(found) : [];
  };
  return {
    text: (name) => ifString(get(name)),
    number: (name) => {
      const found = get(name);
      return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
    },
    flag: (name) => get(name) === true,
    object: (name) => fieldsOf(get(name)),
    objects: (name) => list(name).filter(isRecord).map(fieldsOf),
    texts: (name) => list(name).filter((item) => typeof item === 'string'),
    textsByKey: (name) =>
      new Map(entries(name).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : []))),
    keys: (name) => entries(name).map(([key]) => key),
    has: (name) => get(name) !== undefined && get(name) !== null,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ifString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * Parses a document of an image.
 * @throws ImageError when it is no JSON
 */
export function parseDocument(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ImageError(`is damaged: ${what} is no JSON`);
  }
}
