/** What is fetched of a Go process, by the names of net/http/pprof; `cpu` is its `profile`. */
const PROFILE_KINDS = ['goroutine', 'heap', 'mutex', 'block', 'cpu'] as const;
export type ProfileKind = (typeof PROFILE_KINDS)[number];

/** A call in a stack; `file` is as the compiler wrote it, '' when it is not known. */
export interface Frame {
  /** With its package's path: `example.com/shop/internal/orders.(*Store).Get`. */
  name: string;
  file: string;
  /** 0 when it is not known. */
  line: number;
}

/** What was seen of one stack. */
export interface ProfileSample {
  /** From the leaf to the root; at one place several calls stand where the compiler inlined them, innermost first. */
  stack: readonly (readonly Frame[])[];
  /** One for each of the profile's `sampleTypes`. */
  values: readonly number[];
  /** Of the goroutine; numbers as text with their unit. */
  labels: Readonly<Record<string, string>>;
}

/** A decoded profile. Numbers of 64 bits are JavaScript's: exact up to 2^53. */
export interface Profile {
  /** `samples` in `count`, `cpu` in `nanoseconds`. */
  sampleTypes: readonly { type: string; unit: string }[];
  /** What stands between two samples, in the unit of the profile's period: 512 KiB of a heap, 10 ms of CPU. */
  period: number;
  /** 0n when it is not told. */
  timeUnixNano: bigint;
  durationNano: bigint;
  samples: readonly ProfileSample[];
}

/** The calls of a sample's stack, from the leaf to the root. */
export function framesOf({ stack }: Pick<ProfileSample, 'stack'>): Frame[] {
  return stack.flat();
}

/** What was got of one process in one go; what could not be got, with a reason of a bounded set and words for it. */
export interface TakenProfiles {
  profiles: Partial<Record<ProfileKind, Profile>>;
  missed: { kind: ProfileKind; reason: string; message: string }[];
}
