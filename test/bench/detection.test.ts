import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOn, delayRatio } from '../../bench/detection.ts';
import { type Detection, scenarios } from '../../slo/index.ts';

const scenario = (name: string, rpm: number) => {
  const found = scenarios.find((one) => one.name === name && one.rpm === rpm);
  assert.ok(found, name);
  return found;
};

test('a total outage pages as soon as with the workbook', () => {
  const outcome = compareOn(scenario('100 %, 5 m', 600), 2);
  assert.equal(delayRatio(outcome), 1);
});

test('one failure of a quiet route pages with the workbook, and not with ours', () => {
  const { ours, workbook } = compareOn(scenario('one failure', 1), 4);
  assert.ok(workbook.some(({ delay }) => delay.page !== undefined));
  assert.ok(ours.every(({ delay, falsePages }) => delay.page === undefined && falsePages === 0));
});

const run = (page: number | undefined): Detection => ({
  delay: { page, ticket: undefined },
  reset: undefined,
  falsePages: 0,
});

test('a page that never comes counts as the whole trouble', () => {
  const outage = scenario('100 %, 5 m', 600);
  assert.equal(delayRatio({ scenario: outage, ours: [run(undefined)], workbook: [run(60)] }), 5);
});

test('there is no ratio where no page is due, or the workbook sends none', () => {
  const ours = [run(60)];
  assert.equal(delayRatio({ scenario: scenario('0.4 %, 1 d', 600), ours, workbook: ours }), undefined);
  assert.equal(
    delayRatio({ scenario: scenario('10 %, 1 h', 60), ours, workbook: [run(undefined)] }),
    undefined,
  );
});
