import { usage } from '../errors.ts';

const units: Readonly<Record<string, number>> = {
  ...{ '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9 },
  ...{ kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 },
};

/**
 * Bytes in `83886080`, `80MB` (10^6) or `80MiB` (2^20).
 * @throws CliError (exit code 2)
 */
export function readBytes(text: string, flag: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = units[found?.[2]?.toLowerCase() ?? 'none'];
  const bytes = unit === undefined ? Number.NaN : Math.round(Number(found![1]) * unit);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw usage(`--${flag} is a size such as 83886080, 80MB or 80MiB, not ${JSON.stringify(text)}.`);
}

/**
 * A count from 0 on.
 * @throws CliError (exit code 2)
 */
export function readCount(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`--${flag} is a number from 0 on, not ${JSON.stringify(text)}.`);
}
