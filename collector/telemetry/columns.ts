/** Strings of many records as a dictionary and one index per record: what blocks, queries and the console exchange. */
export interface StringColumn {
  dictionary: string[];
  index: Uint32Array;
}

/** The string of record `i`; the empty string stands for "absent". */
export function stringAt(column: StringColumn, i: number): string {
  return column.dictionary[column.index[i] ?? 0] ?? '';
}

/** Collects strings into a StringColumn; entry 0 of the dictionary is always the empty string. */
export class StringColumnBuilder {
  readonly #dictionary: string[] = [''];
  readonly #positions = new Map<string, number>([['', 0]]);
  readonly #index: number[] = [];

  push(value: string): void {
    let position = this.#positions.get(value);
    if (position === undefined) {
      position = this.#dictionary.push(value) - 1;
      this.#positions.set(value, position);
    }
    this.#index.push(position);
  }

  build(): StringColumn {
    return { dictionary: this.#dictionary, index: Uint32Array.from(this.#index) };
  }
}
