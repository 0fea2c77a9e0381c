import { admits, explain, parseDurationMs, parseReference } from '../../../images/index.ts';
import { command } from '../command.ts';
import { usage } from '../errors.ts';
import { createImageVerifier, type Judged } from './image-verifier.ts';
import { dockerCredentials } from './registry-auth.ts';
import { createRegistryClient } from './registry-client.ts';
import { refuseMissing } from './serve-config.ts';
import { checkFlags, configOfFlags, signerFlags } from './signer-flags.ts';

const maxReferences = 100;

/** `go-sre registry verify`. */
export const registryVerify = command({
  name: 'registry verify',
  takes: 'REF…',
  summary: 'Verifies the cosign signatures of images, and says of each that is refused why.',
  details: `
cosign does the verifying, in its bundles as in its older format; what a tag names now is verified by its digest.
Registries are logged in to as docker login left it. Exit code 1 also where an image could not be judged.`,
  flags: {
    ...signerFlags,
    ...checkFlags,
    timeout: { type: 'string', value: 'TIME', does: 'how long each image may take (default: 30s)' },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, references, deps) => {
    if (references.length === 0)
      throw usage('registry verify needs the image: registry verify REF --key cosign.pub');
    if (references.length > maxReferences)
      throw usage(`At most ${maxReferences} images are verified in one run.`);
    const wrong = references.find((reference) => parseReference(reference) === undefined);
    if (wrong !== undefined) throw usage(`${JSON.stringify(wrong)} is no image reference.`);
    const timeoutMs = parseDurationMs(values.timeout ?? '30s') ?? 0;
    if (timeoutMs <= 0) throw usage('--timeout must be a duration with its unit, such as 30s.');
    const config = configOfFlags(values, ['**'], {}, deps.cwd);
    await refuseMissing(config, deps.disk);
    const registry = createRegistryClient(deps.fetch, dockerCredentials(deps), deps.now);
    const verifier = createImageVerifier({ config, registry, deps });
    const verdicts: Judged[] = [];
    const cancel = deps.signal;
    for (const reference of references) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), cancel]);
      verdicts.push(await verifier.verify(reference, '', { ms: deps.now() + timeoutMs, signal }));
      if (cancel.aborted) return 130;
    }
    const accepted = verdicts.every((verdict) => admits(verdict, false));
    deps.stdout.write(
      values.json ? `${JSON.stringify({ accepted, images: verdicts.map(shown) })}\n` : told(verdicts),
    );
    return accepted ? 0 : 1;
  },
});

function shown({ cached: _, signedAtMs, ...verdict }: Judged): unknown {
  const signedAt = signedAtMs === undefined ? {} : { signedAt: new Date(signedAtMs).toISOString() };
  return { ...verdict, accepted: admits(verdict, false), ...signedAt };
}

function told(verdicts: readonly Judged[]): string {
  const lines = verdicts.map((verdict) => {
    const accepted = admits(verdict, false);
    const digest = accepted && verdict.digest !== undefined ? ` ${verdict.digest}` : '';
    return `${accepted ? 'accepted' : 'refused '}  ${explain(verdict)}${digest}`;
  });
  return `${lines.join('\n')}\n`;
}
