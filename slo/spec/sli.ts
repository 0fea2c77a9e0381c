import type { CustomEvents, EventsExpr, Missing, Sli } from '../slo.ts';
import { isFilter, readEvents, readInstant, readRatioExpr, withoutComments } from './expression.ts';
import { freshnessRange, kinds, maxErrorTypes, maxExpressionLength, thresholdRange } from './keys.ts';
import { type Fields, join, notA, type Report, readList, readWord } from './problems.ts';

/** Reads what an objective counts; undefined, and reported, where it is not right. */
export function readSli(fields: Fields, path: string, report: Report): Sli | undefined {
  const kind = readWord(fields.kind, `${path}.kind`, kinds, report);
  switch (kind) {
    case 'availability':
      return { kind };
    case 'latency': {
      const thresholdSeconds = readSeconds(fields, path, thresholdRange, report);
      const histogram =
        fields.histogram === undefined
          ? 'classic'
          : readWord(fields.histogram, `${path}.histogram`, ['classic', 'native'], report);
      return thresholdSeconds !== undefined && histogram ? { kind, thresholdSeconds, histogram } : undefined;
    }
    case 'errors': {
      const errorTypes = readList(fields.errorTypes, `${path}.errorTypes`, maxErrorTypes, report);
      return errorTypes.length > 0 ? { kind, errorTypes } : undefined;
    }
    case 'saturation': {
      const gauge = readExpression(fields, 'gauge', path, readInstant, report);
      if (gauge !== undefined && isFilter(gauge))
        report(
          `${path}.gauge`,
          'is a comparison, which leaves out the time in which it does not hold; write its left side, and the bound in "limit"',
        );
      const missing = readMissing(fields, path, report);
      const { limit } = fields;
      if (typeof limit !== 'number' || !Number.isFinite(limit)) {
        report(`${path}.limit`, notA(limit, 'a number'));
        return undefined;
      }
      return gauge !== undefined && missing ? { kind, gauge, limit, missing } : undefined;
    }
    case 'freshness': {
      const timestamp = readExpression(fields, 'timestamp', path, readInstant, report);
      const missing = readMissing(fields, path, report);
      const thresholdSeconds = readSeconds(fields, path, freshnessRange, report);
      return timestamp !== undefined && thresholdSeconds !== undefined && missing
        ? { kind, timestamp, thresholdSeconds, missing }
        : undefined;
    }
    case 'custom': {
      const events = readCustom(fields, path, report);
      return events && { kind, events };
    }
    default:
      return undefined;
  }
}

function readSeconds(
  fields: Fields,
  path: string,
  { min, max }: { min: number; max: number },
  report: Report,
): number | undefined {
  const value = fields.thresholdSeconds;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  report(`${path}.thresholdSeconds`, notA(value, `a number of seconds from ${min} to ${max}`));
  return undefined;
}

function readMissing(fields: Fields, path: string, report: Report): Missing | undefined {
  if (fields.missing === undefined) return 'unknown';
  return readWord(fields.missing, `${path}.missing`, ['unknown', 'bad'], report);
}

function readCustom(fields: Fields, path: string, report: Report): CustomEvents | undefined {
  const given = ['bad', 'good', 'badRatio'].filter((key) => fields[key] !== undefined);
  if (given.length !== 1) {
    const what = given.length === 0 ? 'says not what counts' : `has ${given.join(' and ')}`;
    report(path, `${what}; write one of bad and total, good and total, or badRatio alone`);
    return undefined;
  }
  if (given[0] === 'badRatio') {
    if (fields.total !== undefined)
      report(`${path}.total`, 'stands beside bad or good; a badRatio counts time');
    const badRatio = readExpression(fields, 'badRatio', path, readRatioExpr, report);
    return badRatio === undefined ? undefined : { badRatio };
  }
  const total = readExpression(fields, 'total', path, readEvents, report);
  const side = given[0] as 'bad' | 'good';
  const counted = readExpression(fields, side, path, readEvents, report);
  if (!total || !counted) return undefined;
  return side === 'bad' ? { bad: counted, total } : { good: counted, total };
}

function readExpression<T extends string | EventsExpr>(
  fields: Fields,
  key: string,
  path: string,
  read: (text: string) => { readonly value: T } | { readonly fault: string },
  report: Report,
): T | undefined {
  const text = fields[key];
  if (typeof text !== 'string' || text.trim() === '' || text.length > maxExpressionLength) {
    report(join(path, key), notA(text, `a PromQL expression of 1 to ${maxExpressionLength} characters`));
    return undefined;
  }
  const found = read(withoutComments(text));
  if ('value' in found) return found.value;
  report(join(path, key), found.fault);
  return undefined;
}
