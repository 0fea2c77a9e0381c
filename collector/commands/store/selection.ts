import { parseTime } from '../../formats/log-line/time.ts';
import type { BlockMeta } from '../../storage/embedded/block.ts';
import type { Signal } from '../../telemetry/model.ts';
import { UsageProblem } from '../command.ts';
import type { FlagValues } from './command.ts';

const SIGNALS: readonly Signal[] = ['traces', 'logs', 'metrics'];
const FOREVER = 2n ** 63n - 1n;

/** Which records are exported. */
export interface Selection {
  signals: readonly Signal[];
  /** Inclusive, nanoseconds; the start of a span, the time of a log record or a sample. */
  fromUnixNano: bigint;
  /** Exclusive. */
  toUnixNano: bigint;
  /** `service.name` of spans and log records, `job` of samples. */
  service: string | undefined;
}

/** Reads --signal, --from, --to and --service. Throws `UsageProblem`. */
export function readSelection(flags: FlagValues): Selection {
  const named = flags['signal'] === undefined ? undefined : String(flags['signal']).split(',');
  const signals = named?.map((name) => {
    const signal = SIGNALS.find((one) => one === name.trim());
    if (!signal) throw new UsageProblem(`--signal ${name}: must be of ${SIGNALS.join(', ')}`);
    return signal;
  });
  const service = flags['service'];
  return {
    signals: signals ?? SIGNALS,
    fromUnixNano: timeOf('from', flags) ?? 0n,
    toUnixNano: timeOf('to', flags) ?? FOREVER,
    service: service === undefined ? undefined : String(service),
  };
}

function timeOf(flag: string, flags: FlagValues): bigint | undefined {
  const text = flags[flag];
  if (text === undefined) return undefined;
  const time = parseTime(String(text));
  if (time === undefined) {
    throw new UsageProblem(
      `--${flag} ${text}: must be a time such as 2026-01-02T03:04:05Z, or seconds since the epoch`,
    );
  }
  return time;
}

/** False when no record of the block can be among the selected. */
export function mayHold(
  block: BlockMeta,
  { signals, fromUnixNano, toUnixNano, service }: Selection,
): boolean {
  if (!signals.includes(block.signal)) return false;
  if (block.maxUnixNano < fromUnixNano || block.minUnixNano >= toUnixNano) return false;
  return service === undefined || block.services.length === 0 || block.services.includes(service);
}

/** Whether a record of this time and service is selected. */
export function isSelected(
  { fromUnixNano, toUnixNano, service }: Selection,
  unixNano: bigint,
  ofService: unknown,
): boolean {
  return (
    unixNano >= fromUnixNano && unixNano < toUnixNano && (service === undefined || service === ofService)
  );
}
