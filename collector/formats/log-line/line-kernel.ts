import { compileKernel, startKernel } from '../wasm-kernel.ts';
import { SPELLINGS } from './fields.ts';
import wasm from './lines-wasm.ts';
import { SEVERITIES } from './severity.ts';

/** What assembly/lines.ts exports: places in its memory, and the work. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer };
  capacity(): number;
  maxLines(): number;
  textAt(): number;
  offsetsAt(): number;
  lengthsAt(): number;
  timesAt(): number;
  severitiesAt(): number;
  flagsAt(): number;
  traceIdsAt(): number;
  spanIdsAt(): number;
  keysAt(): number;
  slotOfAt(): number;
  rolesAt(): number;
  levelsAt(): number;
  levelLengthsAt(): number;
  levelSeveritiesAt(): number;
  setLevelCount(count: number): void;
  indexLines(count: number): void;
}

/** What the kernel says of a line, as bits; it says nothing else of one that is UNUSUAL. */
export const LINE = { json: 1, timed: 2, unusual: 4 } as const;

/** Bytes of a key in the kernel's table, and of a level. */
const KEY_BYTES = 16;
const LEVEL_BYTES = 8;

/** Index columns of lines; `flags` has the bits of LINE. */
export interface LineColumns {
  flags: Uint8Array;
  timeUnixNano: BigInt64Array;
  severityNumber: Uint8Array;
  traceId: Uint8Array;
  spanId: Uint8Array;
}

/** Indexes lines in WebAssembly, where sixteen bytes are looked at together. */
class LineKernel {
  readonly #exports: Exports;
  readonly #text: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #found: LineColumns;

  constructor() {
    const exports = startKernel<Exports>(compileKernel(wasm));
    const { buffer } = exports.memory;
    const lines = exports.maxLines();
    this.#exports = exports;
    this.#text = new Uint8Array(buffer, exports.textAt(), exports.capacity());
    this.#offsets = new Uint32Array(buffer, exports.offsetsAt(), lines);
    this.#lengths = new Uint32Array(buffer, exports.lengthsAt(), lines);
    this.#found = {
      flags: new Uint8Array(buffer, exports.flagsAt(), lines),
      timeUnixNano: new BigInt64Array(buffer, exports.timesAt(), lines),
      severityNumber: new Uint8Array(buffer, exports.severitiesAt(), lines),
      traceId: new Uint8Array(buffer, exports.traceIdsAt(), lines * 16),
      spanId: new Uint8Array(buffer, exports.spanIdsAt(), lines * 8),
    };
    this.#nameFields();
    this.#nameLevels();
  }

  #nameFields(): void {
    const { memory, keysAt, slotOfAt, rolesAt } = this.#exports;
    const bytes = new Uint8Array(memory.buffer);
    const { time, level, traceId, spanId } = SPELLINGS;
    for (const [role, spellings] of [time, level, traceId, spanId].entries()) {
      const slots = spellings.map(({ slot }) => slot);
      bytes[rolesAt() + 2 * role] = Math.min(...slots);
      bytes[rolesAt() + 2 * role + 1] = Math.max(...slots) + 1;
      for (const { slot, bytes: key } of spellings) {
        bytes.set(key, keysAt() + KEY_BYTES * slot);
        bytes[slotOfAt() + KEY_BYTES * key[0]! + key.length] = slot + 1;
      }
    }
  }

  #nameLevels(): void {
    const { memory, levelsAt, levelLengthsAt, levelSeveritiesAt, setLevelCount } = this.#exports;
    const bytes = new Uint8Array(memory.buffer);
    for (const [i, { level, severity }] of SEVERITIES.entries()) {
      bytes.set(level, levelsAt() + LEVEL_BYTES * i);
      bytes[levelLengthsAt() + i] = level.length;
      bytes[levelSeveritiesAt() + i] = severity;
    }
    setLevelCount(SEVERITIES.length);
  }

  /**
   * Indexes lines of `body` from line `first` on and writes what it finds into `columns` there; gives how many it
   * took, as many as fit: none when the first alone does not. Lines stand one behind the other.
   */
  index(
    body: Uint8Array,
    offset: Uint32Array,
    length: Uint32Array,
    first: number,
    columns: LineColumns,
  ): number {
    const start = offset[first]!;
    let count = 0;
    let end = start;
    for (let i = first; i < offset.length && count < this.#offsets.length; i++, count++) {
      const lineEnd = offset[i]! + length[i]!;
      if (lineEnd - start > this.#text.length) break;
      this.#offsets[count] = offset[i]! - start;
      this.#lengths[count] = length[i]!;
      end = lineEnd;
    }
    this.#text.set(body.subarray(start, end));
    this.#exports.indexLines(count);
    const found = this.#found;
    columns.flags.set(found.flags.subarray(0, count), first);
    columns.timeUnixNano.set(found.timeUnixNano.subarray(0, count), first);
    columns.severityNumber.set(found.severityNumber.subarray(0, count), first);
    columns.traceId.set(found.traceId.subarray(0, count * 16), first * 16);
    columns.spanId.set(found.spanId.subarray(0, count * 8), first * 8);
    return count;
  }
}

/** One instance for all: its memory holds nothing from one call to the next that an answer depends on. */
export const lineKernel = new LineKernel();
