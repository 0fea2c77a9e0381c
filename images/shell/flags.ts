/** Names of the flags among arguments: every letter behind one dash, and what stands between two dashes and a `=`. */
export function flagNames(args: readonly string[]): string[] {
  const names: string[] = [];
  for (const arg of args) {
    if (!arg.startsWith('-')) continue;
    if (!arg.startsWith('--')) names.push(...arg.slice(1));
    else names.push(arg.slice(2).split('=', 1)[0]!);
  }
  return names;
}
