import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cell, figureTable, renderTable, resultLine, rounded } from '../../bench/report.ts';

const sizes = { binaryMB: 12.123456, imageMB: 13.5, ginBinaryMB: null, redisBinaryMB: 14 };

test('figures have four significant digits, and whole numbers keep all of theirs', () => {
  assert.deepEqual(
    [0.2345678, 12.123456, 123456.7, 0, -0.00012366].map(rounded),
    [0.2346, 12.12, 123457, 0, -0.0001237],
  );
  assert.throws(() => rounded(Number.NaN), RangeError);
});

test('cells of a table have a thousands separator', () => {
  assert.equal(cell(1234567.8), '1,234,568');
});

test('columns are aligned, the first to the left and the others to the right', () => {
  const table = {
    head: ['what', 'ns'],
    rows: [
      ['bare', '461'],
      ['ours, sampled', '1,810'],
    ],
  };
  assert.equal(
    renderTable(table),
    ['what              ns', '-------------  -----', 'bare             461', 'ours, sampled  1,810'].join(
      '\n',
    ),
  );
});

test('each figure stands beside its target and what became of it', () => {
  assert.deepEqual(figureTable('service-size', sizes).rows, [
    ['binaryMB', '12.12', '<= 12.8', 'met'],
    ['imageMB', '13.5', '<= 13', 'missed'],
    ['ginBinaryMB', '-', '<= 13.9', 'not measured'],
    ['redisBinaryMB', '14', '<= 14.7', 'met'],
  ]);
});

test('an aim is told as an aim, and a figure without a target has none', () => {
  const rows = figureTable('create-to-first-trace', { warmSeconds: 12, coldSeconds: 50 }).rows;
  assert.deepEqual(rows[0], ['warmSeconds', '12', 'aim <= 10', 'missed']);
  const soak = { heapGrowthMB: 0, goroutineGrowth: 0, p99Ratio: 2, p999Ratio: 3 };
  assert.deepEqual(figureTable('service-soak', soak).rows[2], ['p99Ratio', '2', '', 'told']);
});

test('a figure that should equal another one says so, and an explained miss is told apart', () => {
  const figures = { modules: 14, built: 13, ran: 13, rebuildCpuRatio: 0.05 };
  assert.deepEqual(figureTable('dockerfile-real-modules', figures, ['built']).rows, [
    ['modules', '14', '', 'told'],
    ['built', '13', '= modules', 'explained'],
    ['ran', '13', '= modules', 'missed'],
    ['rebuildCpuRatio', '0.05', '<= 0.1', 'met'],
  ]);
});

test('the result line is JSON behind RESULT, with the figures in the order of their targets', () => {
  const { redisBinaryMB, ...others } = sizes;
  assert.equal(
    resultLine('service-size', { redisBinaryMB, ...others }),
    'RESULT {"bench":"service-size","figures":{"binaryMB":12.12,"imageMB":13.5,"ginBinaryMB":null,"redisBinaryMB":14}}',
  );
});

test('a figure that is missing or unknown is told by its name', () => {
  assert.throws(
    () => resultLine('service-size', { binaryMB: 1, imageMb: 2 }),
    /missing: imageMB, .*unknown: imageMb$/,
  );
});
