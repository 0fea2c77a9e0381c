import { once } from 'node:events';
import { type AdmissionConfig, admits, redactor } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { type ExitCode, failed, systemCode } from '../errors.ts';
import { createAdmissionMetrics } from './admission-metrics.ts';
import { type AdmissionServer, startAdmissionServer } from './admission-server.ts';
import { readTls, renewTls, watchTls } from './admission-tls.ts';
import { type Audit, openAudit } from './audit.ts';
import { harborCredentials } from './credentials.ts';
import { createHarborClient } from './harbor-client.ts';
import { createHarborHook, type HarborHook, type Outcome } from './harbor-hook.ts';
import { createQuarantine } from './harbor-quarantine.ts';
import { createImageVerifier, type ImageVerifier } from './image-verifier.ts';
import { dockerCredentials } from './registry-auth.ts';
import { createRegistryClient } from './registry-client.ts';
import { webhookSecret } from './serve-config.ts';

/**
 * Serves until the signal; builds every part top to bottom and stops them in reverse.
 * @throws CliError (exit code 1) when cosign, the certificate or the port cannot be had
 */
export async function serve(config: AdmissionConfig, deps: GoSreDeps): Promise<ExitCode> {
  const tell = (message: string) => void deps.stderr.write(`go-sre: ${redactor([])(message)}\n`);
  await requireCosign(config, deps);
  const tls = config.tls === undefined ? undefined : readTls(config.tls);
  const registry = createRegistryClient(deps.fetch, dockerCredentials(deps), deps.now);
  const verifier = createImageVerifier({ config, registry, deps });
  const metrics = createAdmissionMetrics(() => verifier);
  const auditFailed = (message: string) => {
    metrics.auditFailed();
    tell(message);
  };
  const audit = openAudit(config.audit, { stdout: deps.stdout, now: deps.now, failed: auditFailed });
  const harbor = await makeHook(config, verifier, audit, deps, tell);
  const server = await listening(() =>
    startAdmissionServer({ config, tls, verifier, audit, metrics, harbor, now: deps.now, tell }),
  );
  const stopRenewing = renewing(config, server, audit, tell);
  tell(`${server.url} answers, ${sayPolicies(config)}${config.failOpen ? ', open on errors' : ''}.`);
  const { signal } = deps;
  if (!signal.aborted) await once(signal, 'abort');
  stopRenewing();
  await server.stop();
  const dropped = harbor?.stop() ?? 0;
  if (dropped > 0) tell(`${dropped} images of Harbor keep their label: they were to be looked at again.`);
  await audit.close();
  tell('It ended.');
  return 0;
}

/** `1 policy`, `3 policies`. */
function sayPolicies({ policies }: Pick<AdmissionConfig, 'policies'>): string {
  return policies.length === 1 ? '1 policy' : `${policies.length} policies`;
}

async function requireCosign({ cosign, policies }: AdmissionConfig, { run, cwd }: GoSreDeps): Promise<void> {
  if (policies.every(({ exempt }) => exempt !== undefined)) return;
  const { status, problem } = await run(cosign, ['version'], { cwd, timeoutMs: 10_000 });
  if (status === 0) return;
  throw failed(
    `${problem ?? `${cosign} version ended with ${status}`}: install cosign 2 or newer, or name it with --cosign PATH.`,
  );
}

async function listening(start: () => Promise<AdmissionServer>): Promise<AdmissionServer> {
  try {
    return await start();
  } catch (error) {
    if (systemCode(error) === '') throw error;
    throw failed(`It cannot listen: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** SIGHUP and a changed file renew the certificate; SIGHUP also opens the audit log anew. */
function renewing(
  { tls }: AdmissionConfig,
  { https }: AdmissionServer,
  audit: Audit,
  tell: (message: string) => void,
): () => void {
  const renew = () => {
    if (https !== undefined && tls !== undefined) renewTls(https, tls, tell);
  };
  const hangup = () => {
    audit.reopen();
    renew();
  };
  process.on('SIGHUP', hangup);
  const unwatch = tls === undefined ? () => undefined : watchTls(tls, renew);
  return () => {
    process.off('SIGHUP', hangup);
    unwatch();
  };
}

async function makeHook(
  config: AdmissionConfig,
  verifier: ImageVerifier,
  audit: Audit,
  deps: GoSreDeps,
  tell: (message: string) => void,
): Promise<HarborHook | undefined> {
  const { harbor, failOpen, limits } = config;
  if (harbor === undefined) return undefined;
  const credentials = await harborCredentials(harbor.credentialsFile, deps);
  const secret = await webhookSecret(harbor.secretFile, deps);
  const clean = redactor([...credentials.secrets, secret]);
  const client = createHarborClient({
    base: `${harbor.url.replace(/\/+$/, '')}/api/v2.0`,
    credentials,
    fetch: deps.fetch,
    wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms).unref()),
    timeoutMs: 5000,
  });
  return createHarborHook({
    secret,
    quarantine: createQuarantine(client, harbor.label),
    onFailure: harbor.onFailure,
    graceMs: harbor.grace,
    failOpen,
    verify: (reference) => {
      const signal = AbortSignal.timeout(limits.time);
      return verifier.verify(reference, '', { ms: deps.now() + limits.time, signal });
    },
    told: (outcome, push, again) => audit.write(auditLine(outcome, push.operator, again, failOpen, clean)),
    broke: (error) => tell(`A second look at an image of Harbor failed: ${clean(String(error))}.`),
    later: (work, ms) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  });
}

function auditLine(
  { verdict, done, problem }: Outcome,
  user: string,
  again: boolean,
  failOpen: boolean,
  clean: (text: string) => string,
) {
  const { image, digest = '', reason, detail, cached } = verdict;
  return {
    source: 'harbor',
    ...{ uid: '', kind: 'Artifact', namespace: '', name: '', path: '', user, image, digest },
    operation: again ? 'RECHECK' : 'PUSH_ARTIFACT',
    verdict: admits(verdict, failOpen) ? 'admitted' : 'refused',
    ...{ reason, cached, durationMs: 0 },
    detail: clean([detail, done, problem].filter((part) => part !== '').join('; ')),
  } as const;
}
