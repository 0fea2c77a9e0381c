import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from '../../../collector/ui/moment.ts';

const NOW = Date.UTC(2026, 2, 11, 14, 41);

test('a time of day is the last one, a date is UTC unless it says otherwise', () => {
  for (const [text, iso] of [
    ['14:22', '2026-03-11T14:22:00.000Z'],
    ['14:41', '2026-03-11T14:41:00.000Z'],
    ['14:41:01', '2026-03-10T14:41:01.000Z'],
    ['9:05:07', '2026-03-11T09:05:07.000Z'],
    ['2026-03-11 14:22', '2026-03-11T14:22:00.000Z'],
    ['2026-03-11T14:22:10.5+02:00', '2026-03-11T12:22:10.500Z'],
  ] as const) {
    assert.equal(new Date(parseMoment(text, NOW)).toISOString(), iso, text);
  }
});

test('what is no time is none', () => {
  for (const text of ['', 'noon', '24:00', '14:60', '14', '2026-03-11', '2026-13-01 10:00', '1773238930'])
    assert.ok(Number.isNaN(parseMoment(text, NOW)), text);
});
