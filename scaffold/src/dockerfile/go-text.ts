/** A stretch of a Go file: a function, or what stands between functions. */
export type Stretch = {
  /** Of a function that is no method; undefined for methods and for what stands outside functions. */
  name: string | undefined;
  text: string;
};

/**
 * Cuts the text of a formatted Go file at its functions, comments left out. It is no parser: a function begins with
 * `func` at the start of a line and ends with a brace there, as gofmt writes it.
 */
export function stretchesOf(text: string): Stretch[] {
  const found: Stretch[] = [];
  let open: { name: string | undefined; lines: string[] } = { name: undefined, lines: [] };
  const close = () => {
    if (open.lines.length > 0) found.push({ name: open.name, text: open.lines.join('\n') });
    open = { name: undefined, lines: [] };
  };
  for (const line of withoutComments(text).split(/\r?\n/)) {
    if (line.startsWith('func ')) {
      close();
      open.name = /^func (\w+)/.exec(line)?.[1];
    }
    open.lines.push(line);
    if (line.startsWith('}') || /^func .*\}\s*$/.test(line)) close();
  }
  close();
  return found;
}

/** Without whole lines and blocks of comment: the only ones that hold example calls. */
function withoutComments(text: string): string {
  return text.replace(/^[ \t]*\/\/.*$/gm, '').replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '');
}

/** The name a file has for a package: the one it imports it by, or the last part of its path. */
export function nameIn(text: string, path: string): string {
  const escaped = path.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const alias = new RegExp(`^\\s*(?:import\\s+)?([A-Za-z]\\w*)\\s+"${escaped}"`, 'm').exec(text)?.[1];
  return alias === undefined || alias === 'import' ? path.slice(path.lastIndexOf('/') + 1) : alias;
}

/** Whether any of these words stands in the text. */
export function mentions(text: string, words: Iterable<string>): boolean {
  for (const word of words) if (new RegExp(`\\b${word}\\b`).test(text)) return true;
  return false;
}
