import type { BaseImages, ReleaseCycle } from '../data/base-images.ts';

/** A version of Go in numbers; `1.27rc1` has `rc` as its stage. */
type GoVersion = { numbers: readonly [number, number, number | undefined]; stage: string };

/** Reads `1.26`, `1.26.3`, `1.27rc1`, with or without `go` in front; undefined for anything else. */
function parseGoVersion(text: string): GoVersion | undefined {
  const found = /^(?:go)?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?((?:rc|beta)\d{1,4})?$/.exec(text);
  if (found === null) return undefined;
  const patch = found[3] === undefined ? undefined : Number(found[3]);
  return { numbers: [Number(found[1]), Number(found[2]), patch], stage: found[4] ?? '' };
}

/**
 * Orders versions of Go: negative when `a` is the older one. `1.21` is before `1.21rc1`, that before `1.21.0`.
 * Source: https://go.dev/doc/toolchain#version
 */
export function compareGo(a: string, b: string): number {
  const [left, right] = [parseGoVersion(a), parseGoVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined);
  for (const i of [0, 1] as const) {
    if (left.numbers[i] !== right.numbers[i]) return left.numbers[i] - right.numbers[i];
  }
  const rank = ({ numbers, stage }: GoVersion) => numbers[2] ?? (stage === '' ? -2 : -1);
  if (rank(left) !== rank(right)) return rank(left) - rank(right);
  return left.stage < right.stage ? -1 : Number(left.stage > right.stage);
}

/** Whether the text names a released or coming version of Go. */
export function isGoVersion(text: string): boolean {
  return parseGoVersion(text) !== undefined;
}

export type GoChoice = { version: string; reason: string };

/**
 * The Go that builds: the newest patch of the oldest line that is still kept up and not older than what the modules ask
 * for.
 * @param asked the newest `go` or `toolchain` line, and who has it; undefined where no module has one
 */
export function chooseGo(
  asked: { version: string; by: string } | undefined,
  data: BaseImages,
  today: string,
): GoChoice {
  const cycles = [...(data.products['go'] ?? [])].sort((a, b) => compareGo(a.cycle, b.cycle));
  const wants = asked === undefined ? 'no module has a go line' : `${asked.by} asks for go ${asked.version}`;
  const fits = ({ latest }: ReleaseCycle) => asked === undefined || compareGo(latest, asked.version) >= 0;
  const kept = cycles.filter((one) => one.eol === undefined || one.eol >= today);
  const found = kept.find(fits) ?? (asked === undefined ? cycles.at(-1) : undefined);
  if (found !== undefined) {
    return {
      version: found.latest,
      reason: `${wants}; ${found.latest} is the newest of Go ${found.cycle} on ${data.made}`,
    };
  }
  const version = exact(asked?.version ?? '1.26.0');
  return { version, reason: `${wants}, which is newer than what is known of ${data.made}` };
}

/** The tag of a version: from 1.21 on the first release of a line has a patch, `1.27` is `1.27.0`. */
function exact(version: string): string {
  const parsed = parseGoVersion(version);
  if (parsed === undefined || parsed.numbers[2] !== undefined || parsed.stage !== '') return version;
  const [major, minor] = parsed.numbers;
  return major > 1 || minor >= 21 ? `${major}.${minor}.0` : version;
}
