import type { VerifiedSignature } from './cosign-outcome.ts';
import type { Reason } from './reason.ts';

/** The annotation that says when an image was signed; the signature covers it, so that nobody can move it. */
const signedAtAnnotation = 'go-sre.dev/signed-at';

/** RFC 3339 in UTC, as `date -u +%FT%TZ` prints it. */
const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
/** Clocks of signer and verifier may differ so much. */
const skewMs = 5 * 60_000;

/** How old the youngest signature is, or why it is refused. */
export type AgeOutcome = { signedAtMs: number } | { reason: Reason; detail: string };

/**
 * Judges the age of verified signatures; one that is young enough suffices. The time is the signed annotation's, or the
 * transparency log's where that was verified: all else could be written by whoever pushes.
 */
export function judgeAge(
  signatures: readonly VerifiedSignature[],
  logVerified: boolean,
  maxAgeMs: number,
  nowMs: number,
): AgeOutcome {
  const times = signatures.flatMap(({ annotations, loggedAtMs }) => {
    const said = annotations[signedAtAnnotation];
    const own = typeof said === 'string' && timeForm.test(said) ? Date.parse(said) : Number.NaN;
    const logged = logVerified ? loggedAtMs : undefined;
    return [own, logged ?? Number.NaN].filter((ms) => !Number.isNaN(ms) && ms <= nowMs + skewMs);
  });
  if (times.length === 0) return { reason: 'age-unknown', detail: '' };
  const signedAtMs = Math.max(...times);
  if (nowMs - signedAtMs <= maxAgeMs) return { signedAtMs };
  return { reason: 'expired', detail: `signed at ${new Date(signedAtMs).toISOString()}` };
}
