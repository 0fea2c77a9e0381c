/** Telemetry as Markdown that says what it says: it makes no markup, no link, no mention, and calls no command. */

/** Breaks a word for programs that look for `@name` or `#12` in the rendered text, and is not seen. */
const ZERO_WIDTH = '\u200b';

/**
 * Text on one line of GitHub's or GitLab's Markdown. Sources: https://github.github.com/gfm/#backslash-escapes and
 * https://docs.gitlab.com/user/markdown/#gitlab-specific-references
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/@|[#!%$~](?=[\w"])/g, `$&${ZERO_WIDTH}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]|~$^#!]/g, '\\$&')
    .replace(/:(?=\/\/)/g, '&#58;')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}&#46;`)
    .replace(/^([-+=/]|\d+(?=[.)](?:\s|$)))/, (start) =>
      /\d/.test(start) ? `${start}${ZERO_WIDTH}` : `&#${start.charCodeAt(0)};`,
    );
}

/** A short text as code on one line, whatever backticks are in it. */
export function code(text: string): string {
  const line = oneLine(text).replaceAll('|', '¦');
  if (line === '') return '';
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = /^`|`$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Lines as a block of code that none of them can end. */
export function fenced(lines: readonly string[]): string {
  const whole = lines.map(oneLine);
  const fence = '`'.repeat(Math.max(3, longestRun(whole.join('\n')) + 1));
  return [`${fence}text`, ...whole, fence].join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}

/** Control characters, line ends of all kinds and what turns the direction of text become spaces. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
}
