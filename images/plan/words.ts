// How words are written so that Dockerfiles, shells and this generator's own head line read them back as they were.

/** A word of a POSIX shell, in single quotes where it needs any. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Cuts a line into the words that `shellWord` wrote; undefined where a quote has no end. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) return undefined;
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else if (char === '\\' && at + 1 < line.length) word = (word ?? '') + line[++at]!;
    else if (char === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  return word === undefined ? words : [...words, word];
}

/**
 * The words behind COPY: plain, or the JSON form where one holds white space. Variables and patterns in names are taken
 * literally, but for a last part `*.ext`.
 */
export function copyWords(sources: readonly string[], target: string): string {
  const words = [...sources.map(copySource), target.replaceAll('$', '\\$')];
  return words.some((word) => /[\s"']/.test(word))
    ? JSON.stringify(words).replaceAll('","', '", "')
    : words.join(' ');
}

/** Source: https://docs.docker.com/reference/dockerfile/#pattern-matching: `arr[[]0].txt` is arr[0].txt. */
function copySource(path: string): string {
  const glob = /(?:^|\/)\*\.[\w-]+$/.exec(path);
  const literal = glob === null ? path : path.slice(0, glob.index);
  const escaped = literal.replaceAll('[', '[[]').replace(/[*?]/g, '[$&]').replaceAll('$', '\\$');
  return escaped + (glob?.[0] ?? '');
}

/** A value in double quotes of a Dockerfile, with variables left as they are. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
