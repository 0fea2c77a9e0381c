/** What must be undone at the end of a run, whatever happens: last in, first out. */
export class Cleanup {
  readonly #undo: (() => unknown)[] = [];

  /** As a test's `after`. */
  after(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes all, also behind one that fails. */
  async run(): Promise<void> {
    for (const undo of this.#undo.reverse()) {
      try {
        await undo();
      } catch (error) {
        console.error(`# not undone: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
}
