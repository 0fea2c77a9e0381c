const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const secondUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `10GiB`, `500MB`, `4096` as bytes; undefined where it is no size, or one beyond exact numbers. */
export function parseBytes(text: string): number | undefined {
  return parse(text, byteUnits, 1);
}

/** `90d`, `12h`, `8s`, `500ms` as milliseconds; a bare number has no meaning. */
export function parseDurationMs(text: string): number | undefined {
  const ms = /^(\d+)ms$/.exec(text);
  return ms === null ? parse(text, secondUnits, 1000) : Number(ms[1]);
}

function parse(text: string, units: Readonly<Record<string, number>>, factor: number): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  const value = Math.round(Number(digits) * units[unit]! * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes as people read them: `10 GiB`, `1.5 MiB`; `unlimited` for a quota's -1. */
export function showBytes(bytes: number): string {
  if (bytes < 0) return 'unlimited';
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, step] = [bytes, 0];
  while (value >= 1024 && step < steps.length - 1) {
    value /= 1024;
    step += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} ${steps[step]}`;
}
