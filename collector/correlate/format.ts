/** How numbers are written in statements: three significant figures, the unit in the text. */

const NANOS_PER_MS = 1_000_000n;

/** Three significant figures without an exponent: 0.0123, 2.31, 142, 1,284. */
function significant(value: number): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.min(20, Math.max(0, 2 - magnitude));
  return thousands(value.toFixed(digits));
}

function thousands(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A count, rounded: 1,284. */
export function count(value: number): string {
  return thousands(Math.round(value).toString());
}

/** A count and its noun in the right number: `1 trace`, `1,284 traces`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;
}

/** Milliseconds as a duration: 0.12 ms, 142 ms, 2.31 s. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'not measured';
  if (Math.abs(ms) < 0.0005) return '0 ms';
  if (Math.abs(ms) >= 999.5) return `${significant(ms / 1000)} s`;
  return Math.abs(ms) < 1 ? `${ms.toFixed(2)} ms` : `${significant(ms)} ms`;
}

/**
 * A histogram's quantile in milliseconds, its bucket bounds in seconds. In the lowest bucket the number would be the
 * bucket's width and nothing measured: `under 5 ms`.
 */
export function quantile(ms: number, bounds: readonly number[]): string {
  const lowest = (bounds[0] ?? 0) * 1000;
  return ms < lowest ? `under ${Number(lowest.toPrecision(3))} ms` : duration(ms);
}

/** A share (0 to 1) in percent: 73.0 %, 0.4 %, 0 %, 100 %. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return 'not measured';
  if (share === 0 || share === 1) return `${share * 100} %`;
  const value = share * 100;
  if (value < 0.01) return '< 0.01 %';
  return `${value < 0.1 ? significant(value) : value.toFixed(1)} %`;
}

/** A rate per second: 118 req/s and the like; the unit is the caller's. */
export function rate(value: number): string {
  return Number.isFinite(value) ? (value < 10 ? value.toFixed(2) : value.toFixed(1)) : 'not measured';
}

/** How many times one number is another: ×16, ×2.4. */
export function times(ratio: number): string {
  if (!Number.isFinite(ratio)) return '×∞';
  return `×${ratio >= 10 ? count(ratio) : ratio.toFixed(1)}`;
}

/** A p or q value: `p = 0.31`, `p < 1e-9`. */
export function pValue(p: number, name = 'p'): string {
  if (p < 1e-9) return `${name} < 1e-9`;
  if (p < 0.001) return `${name} = ${p.toExponential(0)}`;
  return `${name} = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** The second of the day, UTC: 14:22:10. */
export function clockTime(unixNano: bigint): string {
  return new Date(Number(unixNano / NANOS_PER_MS)).toISOString().slice(11, 19);
}

/** Seconds between two moments in words: `4 s`, `12 min`. */
export function span(seconds: number): string {
  const value = Math.abs(seconds);
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`;
}

/** `GET /orders/{id}`, `GET /orders/{id} with customer=42`; just the route when the method is not known. */
export function routeName(of: {
  method?: string | undefined;
  route?: string | undefined;
  where?: readonly { key: string; value: string }[] | undefined;
}): string {
  const name = [of.method, of.route].filter((part) => part).join(' ') || 'requests without a route';
  return of.where?.length ? `${name} with ${conditionsText(of.where)}` : name;
}

/** Conditions on attributes: `customer=42 and region=eu`. */
export function conditionsText(conditions: readonly { key: string; value: string }[]): string {
  return conditions.map(({ key, value }) => `${key}=${value}`).join(' and ');
}
