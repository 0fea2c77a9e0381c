const marker = /^\s*(?:\/\/|# |<!-- )go-sre:(begin|end)(?: ([a-z][a-z0-9|-]*))?(?: -->)?\s*$/;

/**
 * Removes the regions that are not wanted, and the marker lines of all. A region stays when any of the options in its
 * marker (`begin redis|postgres`) is on; one with a name of no option never does. Where a region leaves, the blank
 * lines around it become one, as gofmt wants it.
 */
export function withoutRegions(text: string, path: string, on: ReadonlySet<string>): string {
  const kept: string[] = [];
  let open: string | undefined;
  let removed = false;
  for (const line of text.split('\n')) {
    const found = marker.exec(line);
    if (found !== null) {
      if (
        (found[1] === 'begin') !== (found[2] !== undefined) ||
        (found[1] === 'begin') === (open !== undefined)
      ) {
        throw new Error(`${path}: unpaired "${line.trim()}"`);
      }
      open = found[2];
    } else if (open !== undefined && !open.split('|').some((name) => on.has(name))) {
      removed = true;
    } else {
      if (!(removed && line === '' && (kept.length === 0 || kept.at(-1) === ''))) kept.push(line);
      removed = false;
    }
  }
  if (open !== undefined) throw new Error(`${path}: the region "${open}" has no end`);
  return kept.join('\n');
}
