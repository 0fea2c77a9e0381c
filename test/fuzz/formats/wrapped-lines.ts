// Lines that a container's runtime has wrapped, against JSON.parse (Docker) and a regular expression (CRI).
import { parseTime } from '../../../collector/formats/log-line/time.ts';
import { type LineFormat, Unwrapper } from '../../../collector/formats/log-line/unwrap.ts';
import type { Property } from '../target.ts';
import { mustEqual } from './verdict.ts';

type Wrapped = Exclude<LineFormat, 'json'>;
const MAX_LINE_BYTES = 1 << 20;

/** A line as it was written: which stream, what, when; `partial` goes on in the next one. */
interface Piece {
  stream: string;
  text: string;
  time: bigint;
  partial: boolean;
}

/** Texts are Latin-1, one character a byte. Undefined: a line of which the naive reading is no judge. */
const PIECE: Record<Wrapped, (line: string) => Piece | undefined> = { cri: criPiece, docker: dockerPiece };

const plain = (text: string): Piece => ({ stream: '', text, time: 0n, partial: false });

function criPiece(line: string): Piece {
  const match = /^([^ ]{1,39}) (stdout|stderr) ([FP])(?::[^ ]*)?(?: (.*))?$/s.exec(line);
  const time = match ? parseTime(match[1]!) : undefined;
  if (!match || time === undefined) return plain(line);
  return { stream: match[2]!, text: match[4] ?? '', time, partial: match[3] === 'P' };
}

/** Escapes beyond `\n`, keys given twice and bytes that are no UTF-8 are left to tests of their own. */
function dockerPiece(line: string): Piece | undefined {
  const text = Buffer.from(line, 'latin1').toString();
  if (/\\u/.test(line) || text.includes('\ufffd')) return undefined;
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return plain(line);
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return plain(line);
  if (['log', 'stream', 'time'].some((key) => line.split(`"${key}"`).length > 2)) return undefined;
  const { log, stream, time: written } = fields;
  const time = typeof written === 'string' && !written.includes('\\') ? parseTime(written) : undefined;
  const isStream = stream === 'stdout' || stream === 'stderr';
  if (typeof log !== 'string' || !isStream || time === undefined) return plain(line);
  const whole = log.endsWith('\n');
  const content = Buffer.from(whole ? log.slice(0, -1) : log).toString('latin1');
  return { stream, text: content, time, partial: !whole };
}

type Lines = Record<string, { text: string; time: bigint }[]>;

function append(lines: Lines, stream: string, line: { text: string; time: bigint }): void {
  lines[stream] ??= [];
  lines[stream].push(line);
}

/** Lines by stream; undefined where one of them cannot be judged. */
function naiveLines(body: string, format: Wrapped): Lines | undefined {
  const lines: Lines = {};
  const open = new Map<string, { text: string; time: bigint }>();
  const end = (stream: string, line: { text: string; time: bigint }) => {
    open.delete(stream);
    const text = line.text.replace(/\r$/, '');
    if (text !== '') append(lines, stream, { text, time: line.time });
  };
  const all = body.split('\n');
  if (all.at(-1) === '') all.pop();
  for (const one of all) {
    const piece = PIECE[format](one);
    if (piece === undefined) return undefined;
    const before = open.get(piece.stream) ?? { text: '', time: piece.time };
    const line = { text: before.text + piece.text, time: before.time };
    if (piece.partial) open.set(piece.stream, line);
    else end(piece.stream, line);
  }
  for (const [stream, line] of [...open]) end(stream, line);
  return lines;
}

/** What the unwrapper makes of the body, handed in as chunks that end at line ends. */
function unwrapped(chunks: readonly Uint8Array[], format: Wrapped): Lines {
  const unwrapper = new Unwrapper(format, MAX_LINE_BYTES);
  const lines: Lines = {};
  let held: Parameters<Unwrapper['unwrap']>[2] = [];
  let at = 0;
  const take = ({ streams, held: left }: ReturnType<Unwrapper['unwrap']>) => {
    held = left;
    for (const { stream, body, offset, length, timeUnixNano } of streams) {
      for (let i = 0; i < offset.length; i++) {
        const content = Buffer.from(body.subarray(offset[i]!, offset[i]! + length[i]!));
        append(lines, stream, { text: content.toString('latin1'), time: timeUnixNano[i]! });
      }
    }
  };
  for (const chunk of chunks) {
    take(unwrapper.unwrap(chunk, at, held));
    at += chunk.length;
  }
  take(unwrapper.release(held));
  return lines;
}

function check(body: Uint8Array, format: Wrapped): string {
  const mine = unwrapped([body], format);
  const newlines = [...body.keys()].filter((at) => body[at] === 0x0a);
  const cut = (newlines[newlines.length >> 1] ?? body.length - 1) + 1;
  mustEqual(
    unwrapped([body.subarray(0, cut), body.subarray(cut)], format),
    mine,
    'lines in one chunk and in two',
  );
  const truth = naiveLines(Buffer.from(body).toString('latin1'), format);
  if (truth === undefined) return 'unjudged';
  mustEqual(mine, truth, 'unwrapped lines');
  return Object.entries(mine)
    .map(([stream, { length }]) => `${stream} ${Math.min(length, 5)}`)
    .join();
}

const cri = `2026-01-02T03:04:05.123456789Z stdout F {"level":"info","msg":"request"}
2026-01-02T03:04:05.223456789+01:00 stderr P panic: the first part, \n2026-01-02T03:04:05.3Z stdout P:x half \r
2026-01-02T03:04:05.4Z stderr F and the rest\r
2026-01-02T03:04:05.5Z stdout F
not wrapped at all
2026-01-02T03:04:05.6Z stdout P größer`;
const docker = `{"log":"{\\"level\\":\\"info\\",\\"msg\\":\\"request\\"}\\n","stream":"stdout","time":"2026-01-02T03:04:05.123456789Z"}
{"log":"panic: the first part, ","stream":"stderr","time":"2026-01-02T03:04:05.2Z"}
{"log":"größer 🐻\\t\\r\\n","stream":"stdout","time":"2026-01-02T03:04:05.3Z","attrs":{"tag":"x"}}
{"log":"and the rest\\\\n","stream":"stderr","time":"2026-01-02T03:04:05.4Z"}
{"log":"\\n","stream":"stderr","time":"2026-01-02T03:04:05.5Z"}
not wrapped at all
{"log":"cut","stream":"stdout","time":"2026-01-02T03:04:05.6Z"}`;
const tokens = [
  ...[
    ' stdout ',
    ' stderr ',
    ' F ',
    ' P ',
    'F:',
    'P:',
    '"log":"',
    '"stream":"stdout"',
    '"time":"',
    '\\n"',
    '\\\\',
    '\\"',
  ],
  ...['2026-01-02T03:04:05Z', '\r\n', '}\n{', '1700000000'],
];

export const wrappedProperties = {
  'cri-lines': (): Property => ({ seeds: [Buffer.from(cri)], tokens, check: (body) => check(body, 'cri') }),
  'docker-lines': (): Property => ({
    seeds: [Buffer.from(docker)],
    tokens,
    check: (body) => check(body, 'docker'),
  }),
} satisfies Record<string, () => Property>;
