/** A path below another, `.` and `..` resolved, without a slash at the end; an absolute one stays on its own. */
export function joinPath(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${folder}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Whether a path is that folder or lies below it; both absolute, as `joinPath` gives them. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** What stands behind the last slash. */
export function baseName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1)!;
}

/** A path in the context as it is listed: no slash in front, no `.` in it; empty for the context itself. */
export function contextPath(path: string): string {
  return joinPath('/', path).slice(1);
}
