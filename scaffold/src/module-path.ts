/** The names that cmd/go refuses as path elements: golang.org/x/mod/module, badWindowsNames. */
const windowsName = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;

/** The first elements of the standard library's import paths (`go list std`, Go 1.26): `errors/x` would be one. */
const standardLibrary = new Set(
  `archive bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding errors
  expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp
  runtime slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak`.split(
    /\s+/,
  ),
);

/** What is wrong with one element of an import path (checkElem of golang.org/x/mod/module), or undefined. */
function checkElement(element: string): string | undefined {
  if (element === '') return 'it has an empty element (a slash too many)';
  if (/^\.+$/.test(element)) return `the element "${element}" consists of dots only`;
  if (element.startsWith('.')) return `the element "${element}" begins with a dot`;
  if (element.endsWith('.')) return `the element "${element}" ends with a dot`;
  const bad = /[^A-Za-z0-9\-._~]/u.exec(element);
  if (bad !== null) {
    return `"${bad[0]}" is not allowed, only ASCII letters, digits and - . _ ~ between the slashes`;
  }
  const [stem = ''] = element.split('.');
  if (windowsName.test(stem)) return `the element "${element}" is a device name on Windows`;
  if (/~\d+$/.test(stem)) return `the element "${element}" looks like a short name on Windows`;
  return undefined;
}

/** What is wrong with the major version at the end of a path (SplitPathVersion), or undefined. */
function checkVersion(path: string): string | undefined {
  if (path.startsWith('gopkg.in/')) {
    return /\.v(?:0|[1-9]\d*)(?:-unstable)?$/.test(path) ? undefined : 'a gopkg.in path ends in .vN';
  }
  const suffix = /\/v([\d.]+)$/.exec(path);
  if (suffix === null || /^(?:[2-9]|[1-9]\d+)$/.test(suffix[1]!)) return undefined;
  return `"/v${suffix[1]}" is no version suffix, it begins at /v2 and has no leading zero`;
}

/**
 * The rule that a Go module path breaks, or undefined. The rules are those that `go mod init` applies
 * (golang.org/x/mod/module, CheckImportPath and SplitPathVersion), the character rules of CheckPath, which it
 * applies when someone imports the module, and one of ours: a path of the standard library is refused.
 */
export function checkModulePath(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.startsWith('-')) return 'it begins with a hyphen';
  if (path.includes('://')) return 'it is a URL, leave out the scheme';
  for (const element of path.split('/')) {
    const problem = checkElement(element);
    if (problem !== undefined) return problem;
  }
  const [host = ''] = path.split('/');
  if (host.includes('.') && !/^[a-z0-9.-]+$/.test(host)) {
    return `the host "${host}" takes lower-case letters, digits, dots and hyphens only`;
  }
  if (standardLibrary.has(host)) return `"${host}" belongs to the standard library`;
  return checkVersion(path);
}

/** The module path in the text of a go.mod, or undefined when it has none. */
export function modulePathIn(goMod: string): string | undefined {
  return /^module\s+"?([^\s"]+)"?\s*(?:\/\/.*)?$/m.exec(goMod)?.[1];
}
