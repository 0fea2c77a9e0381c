/** A semantic version of Go: numbers, and the identifiers of a pre-release; build metadata does not order. */
const semantic = /^v(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/**
 * Orders module versions (`v1.2.3`, `v0.0.0-20260102150405-abcdef`) as golang.org/x/mod/semver does: negative when
 * `a` is the lower one. What is no version is lower than any version.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [semantic.exec(a), semantic.exec(b)];
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  for (let i = 1; i <= 3; i++) {
    const order = compareNumbers(left[i] ?? '0', right[i] ?? '0');
    if (order !== 0) return order;
  }
  return comparePreReleases(left[4], right[4]);
}

/** Orders versions of the language as the go line has them: `1.26`, `1.27rc1`, `1.26.3` (https://go.dev/doc/toolchain#version). */
export function compareGoVersions(a: string, b: string): number {
  const semver = (version: string) =>
    `v${version.replace(/^(\d+\.\d+)((?:rc|beta)\d+)$/, '$1.0-$2').replace(/(rc|beta)(\d)/, '$1.$2')}`;
  const order = compareVersions(semver(a), semver(b));
  return order !== 0 ? order : a.length - b.length; // 1.21 is before 1.21.0
}

/** No pre-release is the highest; identifiers are compared one by one, numbers below texts (https://semver.org/#spec-item-11). */
function comparePreReleases(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareIdentifiers(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return compareNumbers(a, b);
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Numbers of any length: a pseudo-version's time has 14 digits, and nothing bounds them. */
function compareNumbers(a: string, b: string): number {
  const order = BigInt(a) - BigInt(b);
  return order < 0n ? -1 : order > 0n ? 1 : 0;
}
