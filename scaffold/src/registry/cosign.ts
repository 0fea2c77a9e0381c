import {
  type CosignOutcome,
  cosignArguments,
  judgeCosign,
  mayBeSignedOld,
  type RegistryAccess,
  redactor,
  type SignatureFormat,
  type Verification,
} from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';

const maxOutput = 1024 * 1024;

/** One image to verify: registry, repository and digest in `reference`. */
type Target = { reference: string; digest: string; how: Verification; access: RegistryAccess };

/**
 * Runs `cosign verify` on a digest and judges what it says, a second time for the older format where that may be needed.
 * Never throws.
 * @param deadlineMs milliseconds since 1970; it is killed then
 */
export async function runCosign(
  program: string,
  target: Target,
  deadlineMs: number,
  deps: Pick<GoSreDeps, 'run' | 'cwd' | 'now'>,
): Promise<CosignOutcome> {
  const first = await runOnce(program, target, 'any', deadlineMs, deps);
  if (!mayBeSignedOld(first)) return first;
  const second = await runOnce(program, target, 'old', deadlineMs, deps);
  return 'reason' in second ? first : second;
}

async function runOnce(
  program: string,
  { reference, digest, how, access }: Target,
  format: SignatureFormat,
  deadlineMs: number,
  { run, cwd, now }: Pick<GoSreDeps, 'run' | 'cwd' | 'now'>,
): Promise<CosignOutcome> {
  const timeoutMs = deadlineMs - now();
  if (timeoutMs <= 0) return { reason: 'timeout', detail: 'no time was left for cosign' };
  const args = cosignArguments(reference, how, access, format);
  const { status, stdout, stderr, problem } = await run(program, args, {
    cwd,
    timeoutMs,
    maxBytes: maxOutput,
  });
  if (problem !== undefined) {
    if (/is not installed$/.test(problem)) return { reason: 'cosign-missing', detail: problem };
    return { reason: /took more than/.test(problem) ? 'timeout' : 'cosign-failed', detail: problem };
  }
  const outcome = judgeCosign({ status, stdout: stdout.toString(), stderr }, digest);
  // cosign repeats addresses as it was given them.
  return 'reason' in outcome ? { ...outcome, detail: redactor([])(outcome.detail) } : outcome;
}
