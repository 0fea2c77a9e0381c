/** What one step of a pattern takes. */
type Step =
  | { kind: 'char'; char: string }
  | { kind: 'one' } // any character but a slash
  | { kind: 'many' } // as many of them as there are
  | { kind: 'folders' } // nothing, or anything up to and with a slash
  | { kind: 'rest' }
  | { kind: 'class'; negated: boolean; ranges: readonly (readonly [string, string])[] };

/** A pattern of .dockerignore: literal text and the steps behind it, or an ending that is compared as it is. */
export type Glob = { head: string; steps: readonly Step[] } | { ending: string };

/**
 * Reads a cleaned pattern; undefined where it is malformed. `**` and literal text after it is an ending of the path,
 * not of a name, unless a slash stands between.
 */
export function parseGlob(pattern: string): Glob | undefined {
  if (/^\*\*[^*?[\]\\]*$/.test(pattern)) return { ending: pattern.slice(2) };
  const chars = [...pattern];
  const steps: Step[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1;
      steps.push(at + 1 >= chars.length ? { kind: 'rest' } : { kind: 'folders' });
    } else if (char === '*') steps.push({ kind: 'many' });
    else if (char === '?') steps.push({ kind: 'one' });
    else if (char === '\\') {
      at += 1;
      if (at >= chars.length) return undefined;
      steps.push({ kind: 'char', char: chars[at]! });
    } else if (char === '[') {
      const found = parseClass(chars, at + 1);
      if (found === undefined) return undefined;
      steps.push(found.step);
      at = found.end;
    } else steps.push({ kind: 'char', char });
  }
  const rest = steps.findIndex(({ kind }) => kind !== 'char');
  const literal = rest < 0 ? steps : steps.slice(0, rest);
  const head = literal.map((step) => (step.kind === 'char' ? step.char : '')).join('');
  return { head, steps: steps.slice(literal.length) };
}

/** What stands between `[` and `]`; `end` is the place of the latter. */
function parseClass(chars: readonly string[], from: number): { step: Step; end: number } | undefined {
  const negated = chars[from] === '^';
  const ranges: [string, string][] = [];
  let at = negated ? from + 1 : from;
  const next = () => {
    if (chars[at] === '\\') at += 1;
    return chars[at++];
  };
  while (at < chars.length && (chars[at] !== ']' || ranges.length === 0)) {
    const low = next();
    let high = low;
    if (chars[at] === '-') {
      at += 1;
      high = next();
    }
    if (low === undefined || high === undefined || low === ']' || low === '-') return undefined;
    ranges.push([low, high]);
  }
  return chars[at] === ']' ? { step: { kind: 'class', negated, ranges }, end: at } : undefined;
}

/** Whether the pattern takes the whole path; time grows with the product of their lengths, whatever they are. */
export function matchesGlob(glob: Glob, path: string): boolean {
  if ('ending' in glob) {
    const { ending } = glob;
    return path.endsWith(ending) || (ending.startsWith('/') && path === ending.slice(1));
  }
  if (!path.startsWith(glob.head)) return false;
  const chars = [...path.slice(glob.head.length)];
  // reached[i]: the steps so far can take the first i characters.
  let reached: boolean[] = [true, ...chars.map(() => false)];
  for (const step of glob.steps) {
    reached = after(step, reached, chars);
    if (!reached.includes(true)) return false;
  }
  return reached[chars.length]!;
}

function after(step: Step, reached: readonly boolean[], chars: readonly string[]): boolean[] {
  const next = reached.map(() => false);
  let open = false;
  for (let i = 0; i < reached.length; i++) {
    const before = chars[i - 1];
    if (step.kind === 'many') {
      open = reached[i]! || (open && before !== '/');
      next[i] = open;
    } else if (step.kind === 'rest') {
      open ||= reached[i]!;
      next[i] = open;
    } else if (step.kind === 'folders') {
      next[i] = reached[i]! || (open && before === '/');
      open ||= reached[i]!;
    } else next[i] = i > 0 && reached[i - 1]! && takes(step, before!);
  }
  return next;
}

function takes(step: Extract<Step, { kind: 'char' | 'one' | 'class' }>, char: string): boolean {
  if (step.kind === 'char') return step.char === char;
  if (step.kind === 'one') return char !== '/';
  // A class takes a slash too when it is negated: patternmatcher hands it to a regular expression as it is.
  return step.ranges.some(([low, high]) => low <= char && char <= high) !== step.negated;
}
