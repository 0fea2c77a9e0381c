import { labelKindRule } from './labels.ts';

const form = /^\s*(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d*)?(?:Z|[+-]\d\d:?\d\d)\s*$/i;

function isTime(value: string): boolean {
  const [year, month, day, hour, minute, second] = (form.exec(value) ?? []).slice(1).map(Number);
  if (second === undefined || hour! > 23 || minute! > 59 || second > 60 || month! < 1 || month! > 12)
    return false;
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day);
  return day! > 0 && date.getUTCMonth() === month! - 1;
}

export const dl3053 = labelKindRule({
  code: 'DL3053',
  kind: 'rfc3339',
  title: 'Time labels are RFC 3339',
  what: 'Finds labels of the kind rfc3339 that hold no such time.',
  why: 'Tools that read it fail, or take another time.',
  mend: 'Write 2026-11-26T22:05:00Z.',
  valid: isTime,
  message: ({ key, value }) => `The label ${key} holds ${value}, which is no time of RFC 3339.`,
});
