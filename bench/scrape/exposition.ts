/** What a busy service exposes, written as its client library writes it: histograms with exemplars, and counters. */
export interface Shape {
  /** Series, about: histograms come whole. */
  series: number;
  /** Seconds since the Unix epoch, of the first exposition. */
  startSeconds: number;
}

/** Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const STATUSES = ['200', '201', '404', '500'];
const SERIES_OF_HISTOGRAM = BOUNDS.length + 3;
/** Of ten series nine belong to histograms, as in an instrumented service with a runtime's own metrics. */
const SHARE_OF_HISTOGRAMS = 0.9;
const SECONDS_BETWEEN = 15;

/** Numbers that look random and are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The OpenMetrics texts of `count` scrapes, one behind the other: counts grow, every bucket has an exemplar, most of them new. */
export function expositions(shape: Shape, count: number): string[] {
  const service = new Service(shape);
  return Array.from({ length: count }, () => service.expose());
}

class Service {
  readonly #random = randomFrom(16);
  readonly #histograms: Histogram[];
  readonly #counters: { labels: string; value: number }[];
  #seconds: number;

  constructor({ series, startSeconds }: Shape) {
    this.#seconds = startSeconds;
    const histograms = Math.round((series * SHARE_OF_HISTOGRAMS) / SERIES_OF_HISTOGRAM);
    this.#histograms = Array.from({ length: histograms }, (_, n) => new Histogram(n, this.#random));
    const counters = Math.max(0, series - histograms * SERIES_OF_HISTOGRAM);
    this.#counters = Array.from({ length: counters }, (_, n) => ({
      labels: `{db_system_name="redis",db_operation_name="GET",server_address="cache-${n}.shop.svc"}`,
      value: 0,
    }));
  }

  expose(): string {
    this.#seconds += SECONDS_BETWEEN;
    const lines = [
      '# HELP http_server_request_duration_seconds Duration of HTTP server requests.',
      '# TYPE http_server_request_duration_seconds histogram',
      '# UNIT http_server_request_duration_seconds seconds',
    ];
    for (const histogram of this.#histograms) histogram.expose(lines, this.#seconds);
    lines.push(
      '# HELP db_client_operations Operations of the database client.',
      '# TYPE db_client_operations counter',
    );
    for (const counter of this.#counters) {
      counter.value += Math.floor(this.#random() * 100);
      lines.push(`db_client_operations_total${counter.labels} ${counter.value}`);
    }
    return `${lines.join('\n')}\n# EOF\n`;
  }
}

class Histogram {
  readonly #labels: string;
  readonly #random: () => number;
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  readonly #exemplars = new Array<string>(BOUNDS.length + 1).fill('');
  #sum = 0;

  constructor(n: number, random: () => number) {
    const [method, status] = [METHODS[n % METHODS.length], STATUSES[(n >> 2) % STATUSES.length]];
    this.#labels = `http_request_method="${method}",http_response_status_code="${status}",http_route="/api/v2/shops/{shop}/orders-${n >> 4}/{id}"`;
    this.#random = random;
  }

  expose(lines: string[], seconds: number): void {
    const name = 'http_server_request_duration_seconds';
    let total = 0;
    for (let i = 0; i <= BOUNDS.length; i++) {
      this.#observe(i, seconds);
      total += this.#counts[i]!;
      const le = i < BOUNDS.length ? goFloat(BOUNDS[i]!) : '+Inf';
      lines.push(`${name}_bucket{${this.#labels},le="${le}"} ${total}${this.#exemplars[i]}`);
    }
    lines.push(`${name}_sum{${this.#labels}} ${this.#sum}`, `${name}_count{${this.#labels}} ${total}`);
  }

  /** In four of five scrapes a bucket has had new observations, and so a new exemplar. */
  #observe(bucket: number, seconds: number): void {
    const random = this.#random;
    if (this.#exemplars[bucket] !== '' && random() < 0.2) return;
    const observed = 1 + Math.floor(random() * 50);
    const value = (BOUNDS[bucket] ?? 20) * (0.6 + 0.4 * random());
    this.#counts[bucket]! += observed;
    this.#sum += observed * value;
    const at = (seconds - random() * SECONDS_BETWEEN).toFixed(3);
    this.#exemplars[bucket] =
      ` # {trace_id="${hex(random, 32)}",span_id="${hex(random, 16)}"} ${value.toFixed(9)} ${at}`;
  }
}

/** OpenMetrics wants a decimal point in `le`. */
function goFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function hex(random: () => number, length: number): string {
  let text = '';
  while (text.length < length)
    text += Math.floor(random() * 0x100000000)
      .toString(16)
      .padStart(8, '0');
  return text.slice(0, length);
}
