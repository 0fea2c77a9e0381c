import { isObject, parseJson, stringAt } from './json.ts';
import { type Reason, reasons } from './reason.ts';

/** How a run of `cosign verify` ended. */
export type CosignRun = {
  /** Undefined where it could not be started or was killed. */
  status: number | undefined;
  stdout: string;
  stderr: string;
};

/** A signature that cosign has verified. */
export type VerifiedSignature = {
  digest: string;
  /** What was signed into it with `cosign sign -a KEY=VALUE`. */
  annotations: Readonly<Record<string, unknown>>;
  /** When the transparency log took it in, milliseconds since 1970, where cosign tells it. */
  loggedAtMs: number | undefined;
};

/** Verified, or why not. */
export type CosignOutcome = { signatures: readonly VerifiedSignature[] } | { reason: Reason; detail: string };

// Types of a statement that says "this is signed", in the old format and in bundles. Anything else that the key signed
// (an SBOM, a scan report) is about the image and no signature of it, though `cosign verify` of version 3 takes it.
const signatureTypes = ['cosign container image signature', 'https://sigstore.dev/cosign/sign/v1'];

/** Exit codes of cosign. Source: cmd/cosign/errors/exit_codes.go of github.com/sigstore/cosign/v3 */
const exitCodes: Readonly<Record<number, Reason>> = {
  10: 'unsigned',
  11: 'image-not-found',
  13: 'wrong-signer',
};

// A refusal by cosign stays one, whatever else its words hold: names in a certificate are written by whoever signs.
const refusedCodes: readonly number[] = [10, 12, 13];
const refusalWords = /^no (?:matching|signatures|valid bundles|certificate)/;

/** What cosign's last error says, first match; the words are those of versions 2 and 3. */
const words: readonly (readonly [RegExp, Reason])[] = [
  [/^(?:Get|Head|Post) "https?:|tls: failed to verify/i, 'registry-unreachable'],
  [
    /certificate (?:has )?expired|certificate was issued after|certificate is not yet valid|expected a signed timestamp/i,
    'expired',
  ],
  [
    /digest in claim|no matching subject digest|subject digest|checksum|digest mismatch|did not match expected|unexpected (?:digest|size)|size of \S+ does not match/i,
    'tampered',
  ],
  [/UNAUTHORIZED|DENIED|401 Unauthorized|403 Forbidden|authentication required/i, 'registry-denied'],
  [
    /connection refused|connection reset|no such host|no route to host|network is unreachable|dial tcp|i\/o timeout|TLS handshake|x509:|tls:|EOF$|50\d (?:Bad Gateway|Service Unavailable|Gateway)|500 Internal/i,
    'registry-unreachable',
  ],
  [/context deadline exceeded/i, 'timeout'],
  [/MANIFEST_UNKNOWN|NAME_UNKNOWN|image tag not found/i, 'image-not-found'],
  [/no signatures found|no signatures associated|no valid bundles|no attestations provided/i, 'unsigned'],
  [
    /no matching (?:signatures|attestations)|invalid signature|do not match threshold|none of the expected identities|failed to verify|no certificate found/i,
    'wrong-signer',
  ],
];

/**
 * Judges a run of `cosign verify --output=json` of `digest`.
 * @param digest `sha256:…` of the image; a signature that names another is no signature of it
 */
export function judgeCosign({ status, stdout, stderr }: CosignRun, digest: string): CosignOutcome {
  const detail = lastError(stderr);
  if (status === undefined) return { reason: 'cosign-failed', detail };
  if (status !== 0) {
    const refused = refusedCodes.includes(status) || refusalWords.test(detail);
    const said = words.find(
      ([pattern, reason]) => pattern.test(detail) && (!refused || reasons[reason].outcome === 'refused'),
    )?.[1];
    return { reason: said ?? exitCodes[status] ?? 'cosign-failed', detail };
  }
  const verified = readVerified(stdout);
  if (verified === undefined) return { reason: 'cosign-failed', detail: 'it verified, and printed no JSON' };
  const ofImage = verified.filter(({ critical }) => critical.digest === digest);
  if (ofImage.length === 0) return { reason: 'tampered', detail: 'what was signed names another digest' };
  const signatures = ofImage.filter(({ critical }) => signatureTypes.includes(critical.type));
  if (signatures.length === 0) {
    return { reason: 'unsigned', detail: `only attestations of type ${ofImage[0]!.critical.type} are there` };
  }
  return {
    signatures: signatures.map(({ critical, optional }) => ({
      digest: critical.digest,
      annotations: optional,
      loggedAtMs: loggedAt(optional),
    })),
  };
}

/**
 * Whether an image may still be signed in cosign's older format: cosign 3 does not look there once the image has a
 * bundle of any kind, such as an SBOM.
 */
export function mayBeSignedOld(outcome: CosignOutcome): boolean {
  return (
    'reason' in outcome &&
    ['unsigned', 'wrong-signer'].includes(outcome.reason) &&
    /attestation/.test(outcome.detail)
  );
}

type Printed = { critical: { digest: string; type: string }; optional: Record<string, unknown> };

/** cosign prints one line of JSON per image, a list; lines before it may hold other words. */
function readVerified(stdout: string): Printed[] | undefined {
  const line = stdout.split('\n').findLast((text) => text.startsWith('['));
  const list = line === undefined ? undefined : parseJson(line);
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.map((entry: unknown) => {
    const optional = isObject(entry) && isObject(entry.optional) ? entry.optional : {};
    return {
      critical: {
        digest: stringAt(entry, 'critical', 'image', 'docker-manifest-digest') ?? '',
        type: stringAt(entry, 'critical', 'type') ?? '',
      },
      optional,
    };
  });
}

/** In the old format cosign prints the log's entry among the annotations, under a name that no annotation has. */
function loggedAt(optional: Readonly<Record<string, unknown>>): number | undefined {
  const payload = isObject(optional.Bundle) ? optional.Bundle.Payload : undefined;
  const seconds = isObject(payload) ? payload.integratedTime : undefined;
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}

const maxDetail = 400;

/** The line that says what was wrong, without the two prefixes that cosign prints it under. */
function lastError(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const start = lines.findIndex((line) => /^(?:Error|error during command execution): /.test(line));
  const error = start < 0 ? (lines.at(-1) ?? '') : errorText(lines.slice(start));
  return error.replace(/\s+/g, ' ').trim().slice(0, maxDetail);
}

/** An error of several lines ends where it is repeated. */
function errorText(lines: readonly string[]): string {
  const again = lines.findIndex(
    (line, index) => index > 0 && line.includes('error during command execution: '),
  );
  const own = lines.slice(0, again < 0 ? undefined : again).join(' ');
  return own.replace(/^(?:Error|error during command execution): /, '');
}
