import shipped from './base-images.json' with { type: 'json' };

/** One line of releases of a product, as endoflife.date has it. */
export type ReleaseCycle = {
  /** `1.26`, `3.23`, `13`. */
  cycle: string;
  /** Debian's and Ubuntu's name of it: `trixie`, `noble`. */
  codename: string | undefined;
  /** `YYYY-MM-DD`. */
  released: string;
  /** The last day of regular support; undefined: none is set yet. */
  eol: string | undefined;
  /** The newest release when the data was made: `1.26.8`. */
  latest: string;
};

/** Products by endoflife.date's name of them: alpine, debian, ubuntu, go, nodejs, python. */
export type BaseImages = {
  /** The day the data was made, `YYYY-MM-DD`. */
  made: string;
  source: string;
  products: Readonly<Record<string, readonly ReleaseCycle[]>>;
};

export type BaseImagesResult = { ok: true; value: BaseImages } | { ok: false; problems: readonly string[] };

/** Days after which the data is told to be old: alpine and Go bring a new line every half year. */
export const OLD_AFTER_DAYS = 180;

/** The data that comes with the gate. README.md beside it says where it is from. */
export const shippedBaseImages: BaseImages = expected(readBaseImages(shipped));

/** Reads data of the same shape from a file; every problem is told with its path. */
export function parseBaseImages(text: string): BaseImagesResult {
  try {
    return readBaseImages(JSON.parse(text));
  } catch (error) {
    return { ok: false, problems: [`not JSON: ${(error as Error).message}`] };
  }
}

/** Days between the making of the data and `today`; negative when it is from a later day. */
export function ageInDays(data: BaseImages, today: string): number {
  return Math.round((Date.parse(today) - Date.parse(data.made)) / 86_400_000);
}

/** Whether `text` is a day that exists, as `2026-11-26`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function readBaseImages(input: unknown): BaseImagesResult {
  const problems: string[] = [];
  const root = record(input, '', ['made', 'source', 'products'], problems);
  const made = day(root, '', 'made', problems);
  const source = string(root, '', 'source', problems);
  const products: Record<string, readonly ReleaseCycle[]> = {};
  const entries = root === undefined ? {} : record(root['products'], 'products', undefined, problems);
  for (const [name, cycles] of Object.entries(entries ?? {})) {
    const path = `products.${name}`;
    if (Array.isArray(cycles)) products[name] = cycles.map((one, i) => cycle(one, `${path}[${i}]`, problems));
    else problems.push(`${path}: a list of cycles is expected`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { made, source, products } };
}

function cycle(input: unknown, path: string, problems: string[]): ReleaseCycle {
  const from = record(input, path, ['cycle', 'codename', 'released', 'eol', 'latest'], problems);
  const has = (key: string) => from?.[key] !== undefined;
  return {
    cycle: string(from, path, 'cycle', problems),
    codename: has('codename') ? string(from, path, 'codename', problems) : undefined,
    released: day(from, path, 'released', problems),
    eol: has('eol') ? day(from, path, 'eol', problems) : undefined,
    latest: string(from, path, 'latest', problems),
  };
}

type Fields = Record<string, unknown> | undefined;

function record(input: unknown, path: string, known: string[] | undefined, problems: string[]): Fields {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    problems.push(`${path === '' ? 'the file' : path}: an object is expected`);
    return undefined;
  }
  for (const key of Object.keys(input))
    if (known?.includes(key) === false) problems.push(`${at(path, key)}: unknown key`);
  return input as Record<string, unknown>;
}

function string(from: Fields, path: string, key: string, problems: string[]): string {
  const value = from?.[key];
  if (typeof value === 'string' && value !== '') return value;
  if (from !== undefined) problems.push(`${at(path, key)}: a text is expected`);
  return '';
}

function day(from: Fields, path: string, key: string, problems: string[]): string {
  const value = string(from, path, key, problems);
  if (value !== '' && !isDay(value)) problems.push(`${at(path, key)}: ${value} is no day like 2026-11-26`);
  return value;
}

function at(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function expected(result: BaseImagesResult): BaseImages {
  if (result.ok) return result.value;
  throw new Error(`base-images.json: ${result.problems.join('; ')}`);
}
