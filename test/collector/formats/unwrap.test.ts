import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import type { HeldLines } from '../../../collector/formats/log-line/stream-lines.ts';
import { detectFormat, Unwrapper } from '../../../collector/formats/log-line/unwrap.ts';

const TIME = '2026-01-01T00:00:00.000000001Z';
const NANOS = 1_767_225_600_000_000_001n;

/** A line as a program wrote it, and the parts that its runtime cut it into. */
interface Written {
  stream: 'stdout' | 'stderr';
  parts: string[];
}

const dockerLine = (stream: string, log: string) => `${JSON.stringify({ log, stream, time: TIME })}\n`;
const criLine = (stream: string, tag: string, content: string) => `${TIME} ${stream} ${tag} ${content}\n`;
const wrap = {
  docker: (stream: string, part: string, last: boolean) => dockerLine(stream, last ? `${part}\n` : part),
  cri: (stream: string, part: string, last: boolean) => criLine(stream, last ? 'F' : 'P', part),
};

/** What `chunks` of a file hold, by stream, and how many lines were too long. */
function unwrapAll(format: 'docker' | 'cri', chunks: readonly string[], maxLineBytes = 1000) {
  const unwrapper = new Unwrapper(format, maxLineBytes);
  const lines: Record<string, string[]> = { '': [], stdout: [], stderr: [] };
  const times: bigint[] = [];
  let held: HeldLines = [];
  let tooLong = 0;
  let at = 0;
  const take = (out: ReturnType<Unwrapper['unwrap']>) => {
    tooLong += out.tooLong;
    held = out.held;
    for (const { stream, body, offset, length, timeUnixNano } of out.streams) {
      times.push(...timeUnixNano);
      const text = (i: number) => Buffer.from(body.subarray(offset[i], offset[i]! + length[i]!)).toString();
      lines[stream]!.push(...Array.from(offset, (_, i) => text(i)));
    }
  };
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    take(unwrapper.unwrap(bytes, at, held));
    at += bytes.length;
  }
  const heldFrom = held.map((line) => line?.from);
  take(unwrapper.release(held));
  return { lines, times, tooLong, heldFrom };
}

const content = fc
  .array(
    fc.constantFrom(
      '{"msg":"a"}',
      '"',
      '\\',
      '\\n',
      'ä',
      '\u{1f600}',
      '\u2028',
      '<&>',
      ' ',
      '\t',
      'x',
      '\u0001',
    ),
    {
      maxLength: 6,
    },
  )
  .map((pieces) => pieces.join(''));
const written: fc.Arbitrary<Written> = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  parts: fc.array(content, { minLength: 1, maxLength: 4 }),
});

for (const format of ['docker', 'cri'] as const) {
  test(`${format}: whatever was written comes out of its wrapping whole, by stream and in order`, () => {
    const interleaved = fc
      .array(written, { maxLength: 12 })
      .chain((lines) =>
        fc.tuple(fc.constant(lines), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 })),
      );
    fc.assert(
      fc.property(interleaved, fc.array(fc.nat({ max: 3 }), { minLength: 1 }), ([lines, turns], sizes) => {
        const queues = ['stdout', 'stderr'].map((stream) =>
          lines
            .filter((line) => line.stream === stream)
            .flatMap(({ parts }) =>
              parts.map((part, i) => wrap[format](stream, part, i === parts.length - 1)),
            ),
        );
        const file: string[] = [];
        for (const turn of turns) file.push(...queues[turn ? 0 : 1]!.splice(0, 1));
        file.push(...queues.flat());
        const chunks: string[] = [];
        for (let n = 0; file.length > 0; n++)
          chunks.push(file.splice(0, 1 + sizes[n % sizes.length]!).join(''));
        const found = unwrapAll(format, chunks);
        for (const stream of ['stdout', 'stderr'] as const) {
          const expected = lines.filter((line) => line.stream === stream).map(({ parts }) => parts.join(''));
          assert.deepEqual(
            found.lines[stream],
            expected.filter((line) => line !== ''),
          );
        }
        assert.ok(found.times.every((time) => time === NANOS));
        assert.deepEqual(found.lines[''], []);
      }),
      { numRuns: 300 },
    );
  });

  test(`${format}: a line that is too long is left out whole and counted once, the lines around it are not`, () => {
    const part = 'x'.repeat(40);
    const chunks = [
      wrap[format]('stdout', 'before', true) + wrap[format]('stdout', part, false),
      wrap[format]('stderr', 'beside', true) + wrap[format]('stdout', part, false),
      wrap[format]('stdout', part, true) + wrap[format]('stdout', 'behind', true),
    ];
    const { lines, tooLong } = unwrapAll(format, chunks, 70);
    assert.deepEqual(lines, { '': [], stdout: ['before', 'behind'], stderr: ['beside'] });
    assert.equal(tooLong, 1);
  });

  test(`${format}: where a line begins whose end has not come is told, and what there is of it at the end`, () => {
    const first = wrap[format]('stderr', 'whole', true);
    const { lines, heldFrom } = unwrapAll(format, [first, wrap[format]('stdout', 'begun, ', false)]);
    assert.deepEqual(heldFrom, [undefined, first.length, undefined]);
    assert.deepEqual(lines, { '': [], stdout: ['begun, '], stderr: ['whole'] });
  });

  test(`${format}: a line without its wrapping is one as it stands`, () => {
    const torn = [
      '{"log":"torn',
      `${TIME} stdin F x`,
      `${TIME} stdout X x`,
      'now stdout F x',
      `${TIME} stdout`,
      '{"log":1}',
    ];
    const { lines, times } = unwrapAll(format, [`${torn.join('\n')}\n${wrap[format]('stdout', 'a', true)}`]);
    assert.deepEqual(lines, { '': torn, stdout: ['a'], stderr: [] });
    assert.deepEqual(times, [...torn.map(() => 0n), NANOS]);
  });

  test(`${format} is told by the first line`, () => {
    assert.equal(detectFormat(Buffer.from(wrap[format]('stderr', '{"msg":"a"}', true))), format);
    assert.equal(detectFormat(Buffer.from(`${wrap[format]('stdout', 'part', false)}other`)), format);
  });

  test(`${format}: any bytes are read to their end`, () => {
    const piece = fc.constantFrom(
      TIME,
      ' stdout ',
      ' stderr ',
      'P ',
      'F:x ',
      '\n',
      '"log":"',
      '"',
      '\\',
      '\\u00e4',
      '\\ud83d',
      '{',
      '}',
      ',',
      '"stream":"stdout"',
      `"time":"${TIME}"`,
      '\\n"',
      '\ufffd',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        unwrapAll(format, [pieces.join(''), pieces.toReversed().join('')], 50);
      }),
      { numRuns: 500 },
    );
  });
}

test("what is no container's log is as the program wrote it", () => {
  const others = [
    '',
    'plain text',
    '{"msg":"a"}',
    '{"log":"a\\n","stream":"stdout"}',
    '{"log":"a","stream":"in","time":"x"}',
    TIME,
  ];
  for (const text of others) assert.equal(detectFormat(Buffer.from(`${text}\n`)), 'json');
});

test("Docker's attributes and the tags of CRI are passed over", () => {
  const docker = `{"log":"a\\r\\n","attrs":{"tag":"x"},"stream":"stdout","time":"${TIME}"}\n`;
  assert.deepEqual(unwrapAll('docker', [docker]).lines['stdout'], ['a']);
  assert.deepEqual(
    unwrapAll('cri', [criLine('stdout', 'F:tag:other', 'b'), `${TIME} stdout F\n`]).lines['stdout'],
    ['b'],
  );
});

test('backslashes before a final n are no line end', () => {
  const found = unwrapAll('docker', [dockerLine('stdout', 'a\\n'), dockerLine('stdout', 'b\\\n')]);
  assert.deepEqual(found.lines['stdout'], ['a\\nb\\']);
});

test('a line without a time of its own has that of its wrapping, one with a time keeps it', () => {
  const later = criLine('stdout', 'F', 'later').replace('01Z', '09Z');
  const own = criLine('stdout', 'F', '{"ts":1700000000,"msg":"a"}');
  const chunk = criLine('stdout', 'F', 'plain') + own + later;
  const [lines] = new Unwrapper('cri', 1000).unwrap(Buffer.from(chunk), 0, []).streams;
  const { index } = scanLogLines(lines!.body, {}, 5n, lines).batch;
  assert.deepEqual([...index.timeUnixNano], [NANOS, 1_700_000_000_000_000_000n, NANOS + 8n]);
});
