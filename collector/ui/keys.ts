/** Keyboard shortcuts without a DOM: which binding a key press completes. */

/** A shortcut: one key (`j`, `Escape`, `?`) or two in a row (`g h`). `says` is its line in the help. */
export interface KeyBinding {
  keys: string;
  says: string;
  run: () => void;
  /** What the status bar shows for it and its kin: keys and a word. The few that matter in a view have one. */
  hint?: [keys: string, says: string];
}

/** How long the first key of a pair waits for the second. */
const PAIR_MS = 1500;

/**
 * Follows key presses: answers the binding that a press completes, if any. A later binding of the same keys wins,
 * so that a view's own shortcut stands before the shell's.
 */
export function createKeyMatcher(): (
  key: string,
  atMs: number,
  bindings: readonly KeyBinding[],
) => KeyBinding | undefined {
  let first = '';
  let firstAt = 0;
  return (key, atMs, bindings) => {
    const pair = first !== '' && atMs - firstAt <= PAIR_MS ? `${first} ${key}` : '';
    first = '';
    const found = bindings.findLast((b) => b.keys === pair) ?? bindings.findLast((b) => b.keys === key);
    if (found) return found;
    if (bindings.some((b) => b.keys.startsWith(`${key} `))) {
      first = key;
      firstAt = atMs;
    }
    return undefined;
  };
}
