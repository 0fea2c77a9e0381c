import {
  type AdmissionConfig,
  accessOf,
  createCache,
  type ImageReference,
  type ImageVerdict,
  imageName,
  judgeAge,
  looksAltered,
  manifestSize,
  type Policy,
  parseReference,
  partsOf,
  policyFor,
  publicKeyHint,
  type Reason,
  reasons,
  showBytes,
  signatureTags,
  type Verification,
  verificationOf,
} from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { runCosign } from './cosign.ts';
import { createGate } from './gate.ts';
import type { Blob, Manifest, RegistryClient, RequestLimit } from './registry-client.ts';

/** A verdict, and whether it was remembered. */
export type Judged = ImageVerdict & { cached: boolean };

/** Judges images by the table of policies. */
export type ImageVerifier = {
  /**
   * Judges one image for a namespace; never throws.
   * @param deadline milliseconds since 1970 by which the answer has to be there, and the signal that it is over
   */
  verify(image: string, namespace: string, deadline: Deadline): Promise<Judged>;
  readonly running: number;
  readonly waiting: number;
};

/** When an answer is due. */
type Deadline = { ms: number; signal: AbortSignal };

/** What a verifier is made of. */
export type VerifierParts = {
  config: Pick<AdmissionConfig, 'policies' | 'registries' | 'limits' | 'cache' | 'cosign'>;
  registry: RegistryClient;
  deps: Pick<GoSreDeps, 'run' | 'cwd' | 'now' | 'disk'>;
};

type Finding = { reason: Reason; detail: string; digest?: string; signedAtMs?: number };
/** One image on its way through the steps. */
type Case = { image: ImageReference; policy: Policy; how: Verification; limit: RequestLimit };

/** A verifier with a bounded number of verifications at once and a cache of verdicts by digest and policy. */
export function createImageVerifier({ config, registry, deps }: VerifierParts): ImageVerifier {
  const gate = createGate(config.limits.concurrency, config.limits.waiting);
  const cache = createCache<Finding>({ maxEntries: config.cache.entries });
  /** The same image asked for twice at once is judged once. */
  const underway = new Map<string, Promise<Finding>>();

  const judgeDigest = async (one: Case, manifest: Manifest): Promise<Finding> => {
    const { image, policy, how, limit } = one;
    const tooLarge = await sizeProblem(one, manifest, registry);
    if (tooLarge !== undefined) return tooLarge;
    const { digest } = manifest;
    const reference = `${imageName(image)}@${digest}`;
    const target = { reference, digest, how, access: limit.access };
    const outcome = await runCosign(config.cosign, target, limit.deadlineMs, deps);
    if ('reason' in outcome) {
      return lookable.includes(outcome.reason) ? lookCloser(one, digest, outcome, registry, deps) : outcome;
    }
    if (policy.maxAge === undefined) return { reason: 'signed', detail: '' };
    const age = judgeAge(outcome.signatures, policy.transparencyLog, policy.maxAge, deps.now());
    return 'reason' in age ? age : { reason: 'signed', detail: '', signedAtMs: age.signedAtMs };
  };

  const judge = async (one: Case): Promise<Finding & { cached?: boolean }> => {
    const { image, policy, limit } = one;
    const key = (digest: string) => `${config.policies.indexOf(policy)} ${imageName(image)}@${digest}`;
    const known = (digest: string | undefined) => digest && cache.get(key(digest), deps.now());
    // What is named by its digest needs no registry to be known again.
    const before = known(image.digest);
    if (before) return { ...before, cached: true };
    const manifest = await registry.manifest(image, image.digest ?? image.tag ?? 'latest', limit);
    if ('reason' in manifest) return manifest;
    const again = known(manifest.digest);
    if (again) return { ...again, cached: true };
    const finding = { ...(await judgeDigest(one, manifest)), digest: manifest.digest };
    const { outcome } = reasons[finding.reason];
    if (outcome !== 'undecided') cache.set(key(manifest.digest), finding, deps.now() + config.cache[outcome]);
    return finding;
  };

  const judgeOnce = (one: Case, deadline: Deadline): Promise<Finding> => {
    const key = `${config.policies.indexOf(one.policy)} ${one.image.text}`;
    const running = underway.get(key);
    if (running !== undefined) return running;
    const started = gate
      .pass(() => judge(one), deadline.signal)
      .then((found): Finding => (typeof found === 'string' ? { reason: found, detail: '' } : found))
      .finally(() => underway.delete(key));
    underway.set(key, started);
    return started;
  };

  return {
    async verify(text, namespace, deadline) {
      const say = (found: Finding & { cached?: boolean }): Judged => ({
        image: text,
        digest: found.digest ?? parseReference(text)?.digest,
        reason: found.reason,
        detail: found.detail,
        cached: found.cached ?? false,
        ...(found.signedAtMs === undefined ? {} : { signedAtMs: found.signedAtMs }),
      });
      const started = begin(text, namespace, config, deadline);
      if ('reason' in started) return say(started);
      return say(await Promise.race([judgeOnce(started, deadline), over(deadline.signal)]));
    },
    get running() {
      return gate.running;
    },
    get waiting() {
      return gate.waiting;
    },
  };
}

/** What can be said without asking anybody, or what has to be asked. */
function begin(
  text: string,
  namespace: string,
  { policies, registries }: VerifierParts['config'],
  deadline: Deadline,
): Finding | Case {
  const image = parseReference(text);
  if (image === undefined) return { reason: 'bad-reference', detail: '' };
  if (image.digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(image.digest)) {
    return { reason: 'bad-reference', detail: 'its digest is no sha256' };
  }
  const policy = policyFor(image, namespace, policies);
  if (policy === undefined) return { reason: 'no-policy', detail: '' };
  const how = verificationOf(policy);
  if (how === undefined) return { reason: 'exempt', detail: policy.exempt ?? '' };
  if (policy.requireDigest && image.digest === undefined) return { reason: 'not-by-digest', detail: '' };
  const access = accessOf(image.registry, registries);
  return { image, policy, how, limit: { access, deadlineMs: deadline.ms, signal: deadline.signal } };
}

function over(signal: AbortSignal): Promise<Finding> {
  const timeout: Finding = { reason: 'timeout', detail: '' };
  if (signal.aborted) return Promise.resolve(timeout);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(timeout), { once: true }));
}

/** The largest platform of an image counts: that is what one node pulls. */
async function sizeProblem(
  { image, policy: { maxImageSize }, limit }: Case,
  manifest: Manifest,
  registry: RegistryClient,
): Promise<Finding | undefined> {
  if (maxImageSize === undefined) return undefined;
  const size = manifestSize(manifest.text);
  if ('problem' in size) return { reason: 'tampered', detail: size.problem };
  const sizes = 'bytes' in size ? [size.bytes] : [];
  for (const digest of 'manifests' in size ? size.manifests : []) {
    const platform = await registry.manifest(image, digest, limit);
    if ('reason' in platform) return platform;
    const inner = manifestSize(platform.text);
    if ('bytes' in inner) sizes.push(inner.bytes);
    else
      return { reason: 'tampered', detail: 'problem' in inner ? inner.problem : 'its index lists an index' };
  }
  const largest = Math.max(0, ...sizes);
  if (largest <= maxImageSize) return undefined;
  return { reason: 'too-large', detail: `${showBytes(largest)} of ${showBytes(maxImageSize)}` };
}

const maxSignatures = 10;

/** What may hide that something was altered. */
const lookable: readonly Reason[] = ['unsigned', 'wrong-signer'];

/** A signature that did not verify is somebody else's, or it was altered: the registry's copies tell which. */
async function lookCloser(
  { image, how, limit }: Case,
  digest: string,
  found: Finding,
  registry: RegistryClient,
  { disk }: Pick<GoSreDeps, 'disk'>,
): Promise<Finding> {
  const parts = async (name: string): Promise<readonly string[]> => {
    const manifest = await registry.manifest(image, name, limit);
    return 'reason' in manifest ? [] : partsOf(manifest.text).slice(0, maxSignatures);
  };
  const blobs = async (digests: readonly string[]) =>
    (await Promise.all(digests.map((one) => registry.blob(image, one, limit)))).filter(
      (text) => text !== undefined,
    );
  const tags = signatureTags(digest);
  const referrers = await registry.referrers(image, digest, limit);
  const manifests =
    referrers === undefined ? await parts(tags.bundles) : partsOf(referrers).slice(0, maxSignatures);
  const payloads = await blobs(await parts(tags.payloads));
  const bundles = await blobs((await Promise.all(manifests.map(parts))).flat());
  if (![...payloads, ...bundles].every(({ intact }) => intact)) {
    return {
      reason: 'tampered',
      detail: 'the bytes of a stored signature are not those that its digest names',
    };
  }
  const texts = (found: readonly Blob[]) => found.map(({ text }) => text);
  // Only of a signature that did not verify is it said that the key did not make it.
  const hint = found.reason === 'wrong-signer' ? await keyHint(how, disk) : undefined;
  const altered = looksAltered({ payloads: texts(payloads), bundles: texts(bundles) }, digest, hint);
  return altered === undefined ? found : { reason: 'tampered', detail: altered };
}

async function keyHint({ signer }: Verification, disk: GoSreDeps['disk']): Promise<string | undefined> {
  const pem = signer.kind === 'key' ? await disk.readFile(signer.key).catch(() => undefined) : undefined;
  return pem === undefined ? undefined : publicKeyHint(pem.toString());
}
