/** Fields that no column holds, as they came: one byte string per record, which is empty for most. */
import type { Arena, ByteTable, StringsColumn } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { TYPE } from './layout.ts';
import { packStringColumn } from './pack-columns.ts';

/** Takes the parts of one record's residual; parts that lie side by side are not copied. */
export class Residuals {
  readonly #arena: Arena;
  readonly #table: ByteTable;
  readonly #column: StringsColumn;
  #scratch = 0;
  #from = 0;
  #length = 0;

  constructor(arena: Arena, table: ByteTable) {
    this.#arena = arena;
    this.#table = table;
    this.#column = table.column();
  }

  begin(): void {
    this.#scratch = this.#arena.used;
    this.#length = 0;
  }

  /** Forgets the parts of the record. */
  restart(): void {
    this.#arena.used = this.#scratch;
    this.#length = 0;
  }

  /** Keeps the bytes of the arena from `from` to `to`. */
  keep(from: number, to: number): void {
    const arena = this.#arena;
    if (this.#length === 0) this.#from = from;
    else if (this.#from + this.#length !== from || this.#isCopied) {
      if (!this.#isCopied) this.#copy(this.#from, this.#length);
      arena.copy(from, to - from);
    }
    this.#length += to - from;
  }

  /** Keeps a field of the tag with eight zeros. */
  keepZero(tag: number): void {
    const arena = this.#arena;
    if (this.#length > 0 && !this.#isCopied) this.#copy(this.#from, this.#length);
    if (this.#length === 0) this.#from = arena.used;
    arena.bytes.fill(0, arena.used, arena.used + 9);
    arena.bytes[arena.used] = tag;
    arena.used += 9;
    this.#length += 9;
  }

  get #isCopied(): boolean {
    return this.#arena.used !== this.#scratch;
  }

  #copy(from: number, length: number): void {
    this.#from = this.#arena.used;
    this.#arena.copy(from, length);
  }

  end(): void {
    const column = this.#column;
    const { distinct } = column;
    column.push(this.#table.position(column, this.#from, this.#length));
    // What was put together stays only where a dictionary points at it.
    if (column.distinct === distinct) this.#arena.used = this.#scratch;
  }

  write(directory: DirectoryWriter): void {
    directory.add(packStringColumn(TYPE.residual, this.#arena.bytes, this.#column));
  }
}
