import { CollectorError } from '../../telemetry/errors.ts';

/** What one profile may have at the most. */
export interface ProfileLimits {
  /** Bytes, inflated. */
  bytes: number;
  samples: number;
  /** Places, functions and strings, each. */
  entries: number;
  /** Calls of one stack; Go itself cuts stacks at 1024. Source: https://pkg.go.dev/runtime (GODEBUG profstackdepth) */
  depth: number;
  /** Calls of all stacks. */
  frames: number;
}

export const PROFILE_LIMITS: ProfileLimits = {
  bytes: 16 * 1024 * 1024,
  samples: 100_000,
  entries: 200_000,
  depth: 1024,
  frames: 2_000_000,
};

/** The error of a profile that is above a limit. */
export function tooLarge(limit: string): CollectorError {
  return new CollectorError('too-large', `the profile has more than ${limit}`);
}
