/** Whether a path begins at the root: of Unix, of a Windows drive, or with a variable that may hold any. */
export function isAbsolute(path: string): boolean {
  return /^(?:[/$]|[A-Za-z]:)/.test(path);
}
