import type { ShellWord } from './syntax.ts';

/** Commands in front of a command, which change nothing of what it does. */
const prefixes = new Set(['command', 'builtin', 'exec', 'busybox', 'run']);

/** The name of what really runs: behind `exec`, `command` and their like stands another. */
export function commandName(words: readonly ShellWord[]): string {
  const [first, ...rest] = words;
  if (first === undefined || first.expands) return '';
  if (!prefixes.has(first.literal)) return first.literal;
  const candidates = first.literal === 'exec' ? skipExecFlags(rest) : rest;
  const behind = candidates[0];
  if (behind === undefined || behind.literal.startsWith('-')) return first.literal;
  return behind.expands ? '' : behind.literal;
}

function skipExecFlags(words: readonly ShellWord[]): readonly ShellWord[] {
  const at = words.findIndex((word, i) => !word.literal.startsWith('-') && words[i - 1]?.literal !== '-a');
  return at < 0 ? [] : words.slice(at);
}
