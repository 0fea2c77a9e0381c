import { createHash, createPublicKey } from 'node:crypto';
import { at, isObject, listAt, parseJson, stringAt } from './json.ts';

/** Signatures as the registry has them, each as its text. */
export type StoredSignatures = {
  /** What was signed in cosign's old format: the layers of the manifest under the tag `sha256-….sig`. */
  payloads: readonly string[];
  /** Sigstore bundles that refer to the image. */
  bundles: readonly string[];
};

/** The tags that cosign's old format and, where a registry lacks the referrers API, bundles are under. */
export function signatureTags(digest: string): { payloads: string; bundles: string } {
  const tag = digest.replace(':', '-');
  return { payloads: `${tag}.sig`, bundles: tag };
}

/**
 * Why signatures that did not verify look altered, or undefined where they are just somebody else's: a payload that is
 * not about this image, or a bundle that names the wanted key and was not signed by it as it is.
 * @param keyHint `publicKeyHint` of the wanted key, where it is a key
 */
export function looksAltered(
  { payloads, bundles }: StoredSignatures,
  digest: string,
  keyHint: string | undefined,
): string | undefined {
  for (const text of payloads) {
    const named = stringAt(parseJson(text), 'critical', 'image', 'docker-manifest-digest');
    if (named !== digest) return `what was signed names ${named ?? 'no image'}`;
  }
  for (const text of bundles) {
    const bundle = parseJson(text);
    const subjects = bundleSubjects(bundle);
    if (!subjects.includes(digest)) return `what was signed names ${subjects[0] ?? 'no image'}`;
    const hint = stringAt(bundle, 'verificationMaterial', 'publicKey', 'hint');
    if (hint !== undefined && hint === keyHint)
      return 'the bundle names the wanted key, which did not sign it as it is';
  }
  return undefined;
}

/** The digests that the statement in a bundle is about. */
function bundleSubjects(bundle: unknown): string[] {
  const payload = stringAt(bundle, 'dsseEnvelope', 'payload');
  const statement = payload === undefined ? undefined : parseJson(Buffer.from(payload, 'base64').toString());
  return listAt(statement, 'subject').map(
    (subject) => `sha256:${stringAt(subject, 'digest', 'sha256') ?? ''}`,
  );
}

/** How bundles name a public key: SHA-256 of its DER form, base64; undefined where the text is no public key. */
export function publicKeyHint(pem: string): string | undefined {
  try {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(der).digest('base64');
  } catch {
    return undefined;
  }
}

/** The digests of a manifest's layers, or of an index's manifests that are Sigstore bundles. */
export function partsOf(manifest: string): readonly string[] {
  const value = parseJson(manifest);
  if (!isObject(value)) return [];
  const manifests = listAt(value, 'manifests').filter((entry) =>
    (stringAt(entry, 'artifactType') ?? '').startsWith('application/vnd.dev.sigstore.bundle'),
  );
  return [...manifests, ...listAt(value, 'layers')]
    .map((part) => at(part, 'digest'))
    .filter((digest): digest is string => typeof digest === 'string');
}
