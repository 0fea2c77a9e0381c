import { nearest } from '../../../slo/index.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { Tolerance } from './comparison.ts';

/**
 * What is accepted without being asked. Latency, 10 %: two runs of one program on shared machines differ by some
 * percent, and nobody feels a tenth. Errors, 0.1 points: a month's budget of an objective of 99.9 %, and far below it a
 * comparison would need hundreds of thousands of requests.
 */
export const DEFAULT_TOLERANCE: Tolerance = { errors: 0.001, latency: 0.1 };

const FORMS: Record<keyof Tolerance, { form: RegExp; unit: string; most: number; example: string }> = {
  errors: { form: /^(\d{1,3}(?:\.\d{1,6})?)pt$/, unit: 'points', most: 100, example: 'errors=0.1pt' },
  latency: { form: /^(\d{1,4}(?:\.\d{1,6})?)%$/, unit: 'percent', most: 1000, example: 'latency=10%' },
};

/** `latency=10%,errors=0.1pt`, each at most once, the other by default. Throws `bad-request` with what is wrong and what is right. */
export function parseTolerance(text: string | undefined): Tolerance {
  const tolerance = { ...DEFAULT_TOLERANCE };
  const seen = new Set<string>();
  for (const part of text === undefined ? [] : text.split(',')) {
    const [name = '', value = ''] = part.trim().split('=', 2);
    const rule = Object.hasOwn(FORMS, name) ? FORMS[name as keyof Tolerance] : undefined;
    if (!rule) throw unknownName(part, name);
    if (seen.has(name))
      throw new CollectorError('bad-request', `tolerance: ${name} is given twice; give it once.`);
    seen.add(name);
    const number = Number(rule.form.exec(value)?.[1] ?? Number.NaN);
    if (!(number <= rule.most)) {
      const form = `tolerance ${part}: must be in ${rule.unit}, up to ${rule.most}, such as ${rule.example}.`;
      throw new CollectorError('bad-request', form);
    }
    tolerance[name as keyof Tolerance] = number / 100;
  }
  return tolerance;
}

function unknownName(part: string, name: string): CollectorError {
  const meant = nearest(name, Object.keys(FORMS));
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new CollectorError(
    'bad-request',
    `tolerance ${part}: must be errors=POINTSpt or latency=PERCENT%, such as errors=0.1pt.${hint}`,
  );
}
