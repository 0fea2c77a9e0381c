/** The name `go build` gives a program: the last part of its path that is no major version. */
function binaryName(importPath: string): string {
  const parts = importPath.split('/');
  const last = parts.at(-1)!;
  return /^v[2-9]\d*$|^v1\d+$/.test(last) && parts.length > 1 ? parts.at(-2)! : last;
}

/** Names of stages that mean something else in our files, or to BuildKit. */
const taken = ['scratch', 'src', 'context', 'golang', 'alpine', 'debian'];

/** A name for each program, as its binary, its stage and its target have it: lower case, each once. */
export function programNames(importPaths: readonly string[]): string[] {
  const plain = importPaths.map((path) => stageName(binaryName(path)));
  const used = new Set<string>();
  return importPaths.map((path, at) => {
    const twice = plain.filter((name) => name === plain[at]).length > 1;
    const parts = path.split('/').filter((part) => !/^v\d+$/.test(part) && part !== 'cmd');
    let name = twice ? stageName(parts.slice(-2).join('-')) : plain[at]!;
    for (let n = 2; used.has(name); n++) name = `${plain[at]}-${n}`;
    used.add(name);
    return name;
  });
}

/** Source: https://github.com/moby/buildkit, instructions.parseBuildStageName: `^[a-z][a-z0-9-_.]*$` */
function stageName(name: string): string {
  const clean = name.toLowerCase().replace(/[^a-z0-9._-]/g, '-');
  const reserved = taken.includes(clean) || /^build(?:-|$)/.test(clean);
  return /^[a-z]/.test(clean) && !reserved ? clean : `app-${clean.replace(/^[^a-z0-9]+/, '')}`;
}
