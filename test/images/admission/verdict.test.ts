import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  admits,
  answerReview,
  cosignArguments,
  createCache,
  explain,
  judgeAge,
  judgeCosign,
  looksAltered,
  manifestSize,
  parseHarborEvent,
  parseReview,
  podImages,
  podKinds,
  publicKeyHint,
  type Reason,
  reasons,
  redactor,
} from '../../../images/index.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

function printed(type: string, of = digest, optional: unknown = null): string {
  return `\n[${JSON.stringify({ critical: { identity: {}, image: { 'docker-manifest-digest': of }, type }, optional })}]\n`;
}

test('tells from what cosign says why it refused', () => {
  const error = (text: string) =>
    `WARNING: Skipping tlog\nError: ${text}\nerror during command execution: ${text}\n`;
  const cases: [number, string, Reason][] = [
    [10, 'no signatures found', 'unsigned'],
    [10, 'no signatures associated with the image', 'unsigned'],
    [
      11,
      'image tag not found: GET http://r/v2/a/manifests/1: MANIFEST_UNKNOWN: manifest unknown',
      'image-not-found',
    ],
    [12, 'no matching signatures: invalid signature when validating ASN.1 encoded signature', 'wrong-signer'],
    [
      12,
      'no matching signatures: none of the expected identities matched what was in the certificate, got subjects [x]',
      'wrong-signer',
    ],
    [12, `no matching signatures: invalid or missing digest in claim: ${other}`, 'tampered'],
    [1, 'no matching attestations: no matching subject digest found', 'tampered'],
    [1, 'no matching attestations: failed to verify signature: could not verify envelope', 'wrong-signer'],
    [1, 'error verifying sha256 checksum after reading 10 bytes; got "x", want "y"', 'tampered'],
    [
      12,
      'no matching signatures: checking expiry on certificate with bundle: certificate expired before observed time: 2026 is before 2027',
      'expired',
    ],
    [13, 'no certificate found on signature', 'wrong-signer'],
    [1, 'Get "https://r/v2/": dial tcp 10.0.0.1:443: connect: connection refused', 'registry-unreachable'],
    [
      1,
      'Get "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'registry-unreachable',
    ],
    [
      1,
      'Get "https://r/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
      'registry-unreachable',
    ],
    [
      12,
      'no matching signatures: cert verification failed: x509: certificate has expired or is not yet valid: current time',
      'expired',
    ],
    [1, 'GET https://r/v2/a/manifests/1: UNAUTHORIZED: authentication required', 'registry-denied'],
    [1, 'something new', 'cosign-failed'],
  ];
  for (const [status, text, expected] of cases) {
    const outcome = judgeCosign({ status, stdout: '', stderr: error(text) }, digest);
    assert.ok('reason' in outcome, text);
    assert.deepEqual([outcome.reason, outcome.detail], [expected, text]);
  }
});

test('a refusal stays one, whatever the certificate of the signer holds', () => {
  for (const name of ['connection refused', 'dial tcp', 'UNAUTHORIZED', 'context deadline exceeded']) {
    const text = `none of the expected identities matched what was in the certificate, got subjects [${name}] with issuer x`;
    for (const [status, begin] of [
      [12, 'no matching signatures: '],
      [1, 'no matching attestations: '],
    ] as const) {
      const outcome = judgeCosign({ status, stdout: '', stderr: `Error: ${begin}${text}\n` }, digest);
      assert.equal('reason' in outcome && outcome.reason, 'wrong-signer');
    }
  }
});

test('takes only signatures of this image for signatures', () => {
  const judge = (stdout: string) => judgeCosign({ status: 0, stdout, stderr: '' }, digest);
  for (const type of ['cosign container image signature', 'https://sigstore.dev/cosign/sign/v1']) {
    assert.ok('signatures' in judge(printed(type)), type);
  }
  const cases: [string, Reason][] = [
    [printed('https://spdx.dev/Document'), 'unsigned'],
    [printed('cosign container image signature', other), 'tampered'],
    ['[]', 'cosign-failed'],
    ['not JSON', 'cosign-failed'],
    ['[null]', 'tampered'],
  ];
  for (const [stdout, reason] of cases) {
    const outcome = judge(stdout);
    assert.equal('reason' in outcome ? outcome.reason : 'signed', reason, stdout);
  }
});

test('believes a time only where the signature or the log vouches for it', () => {
  const now = Date.parse('2026-11-26T00:00:00Z');
  const day = 86_400_000;
  const judge = (
    annotations: Record<string, unknown>,
    loggedAtMs: number | undefined,
    logVerified: boolean,
  ) => {
    const outcome = judgeAge([{ digest, annotations, loggedAtMs }], logVerified, 90 * day, now);
    return 'reason' in outcome ? outcome.reason : 'signed';
  };
  const at = (text: string) => ({ 'go-sre.dev/signed-at': text });
  assert.equal(judge(at('2026-11-01T00:00:00Z'), undefined, false), 'signed');
  assert.equal(judge(at('2026-01-01T00:00:00Z'), undefined, false), 'expired');
  assert.equal(judge({}, now - day, true), 'signed');
  assert.equal(judge({}, now - day, false), 'age-unknown', 'a log that was not verified could say anything');
  for (const text of ['2027-01-01T00:00:00Z', 'yesterday', '2026-11-01', 7, null]) {
    assert.equal(judge(at(text as string), undefined, true), 'age-unknown', String(text));
  }
});

test('tells altered signatures from those of somebody else', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hint = publicKeyHint(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const payload = (of: string) => JSON.stringify({ critical: { image: { 'docker-manifest-digest': of } } });
  const bundle = (of: string, by: string | undefined) => {
    const statement = { subject: [{ digest: { sha256: of.replace('sha256:', '') } }] };
    const dsseEnvelope = { payload: Buffer.from(JSON.stringify(statement)).toString('base64') };
    return JSON.stringify({ verificationMaterial: { publicKey: { hint: by } }, dsseEnvelope });
  };
  const look = (payloads: string[], bundles: string[]) => looksAltered({ payloads, bundles }, digest, hint);
  assert.equal(look([payload(digest)], [bundle(digest, 'somebody')]), undefined);
  assert.match(look([payload(other)], []) ?? '', /names sha256:b/);
  assert.match(look(['garbage'], []) ?? '', /names no image/);
  assert.match(look([], [bundle(other, 'somebody')]) ?? '', /names sha256:b/);
  assert.match(look([], [bundle(digest, hint)]) ?? '', /names the wanted key/);
  assert.equal(publicKeyHint('no key'), undefined);
});

test('passes options to cosign as single words, the image last', () => {
  const identity = {
    kind: 'identity',
    identity: '--key=evil',
    identityPattern: false,
    issuer: 'i',
    issuerPattern: true,
    caRoots: undefined,
  } as const;
  const how = { signer: identity, transparencyLog: true, trustedRoot: undefined };
  assert.deepEqual(cosignArguments(`r/a@${digest}`, how, { plainHttp: false }, 'any'), [
    ...['verify', '--output=json', '--certificate-identity=--key=evil', '--certificate-oidc-issuer-regexp=i'],
    ...['--', `r/a@${digest}`],
  ]);
});

test('every reason refuses or cannot be decided, save those that accept', () => {
  const verdict = (reason: Reason) => ({ image: 'a', digest: undefined, reason, detail: '' });
  const all = Object.keys(reasons) as Reason[];
  assert.deepEqual(
    all.filter((reason) => admits(verdict(reason), false)),
    ['signed', 'exempt'],
  );
  const open = all.filter((reason) => !admits(verdict(reason), false) && admits(verdict(reason), true));
  assert.deepEqual(open, [
    'registry-unreachable',
    'registry-denied',
    'timeout',
    'overloaded',
    'cosign-missing',
    'cosign-failed',
  ]);
  for (const reason of all) assert.match(explain(verdict(reason)), /^a: [a-z-]+: .+\.$/);
});

test('every reason is told in docs/registry-admission.md with its outcome', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/registry-admission.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  for (const [reason, { outcome }] of Object.entries(reasons)) {
    assert.ok(
      rows.some((row) => row.includes(`\`${reason}\``) && row.includes(`| ${outcome} |`)),
      reason,
    );
  }
});

test('answers a review in the form that Kubernetes wants, with messages of a bounded length', () => {
  const bad = Array.from({ length: 200 }, (_, i) => ({
    image: `img${i}`,
    digest: undefined,
    reason: 'unsigned' as const,
    detail: '',
  }));
  const { response } = answerReview('u', bad, false) as {
    response: { allowed: boolean; status: { message: string } };
  };
  assert.deepEqual([response.allowed, response.status.message.length], [false, 4000]);
  const lost = { image: 'x'.repeat(500), digest: undefined, reason: 'timeout' as const, detail: '' };
  const open = answerReview('u', [lost], true) as { response: { warnings: string[] } };
  assert.equal(open.response.warnings[0]?.length, 256);
});

test('reads whatever is sent as a review, an object or an event without falling over', () => {
  const strange = [
    undefined,
    null,
    0,
    '',
    [],
    {},
    { request: [] },
    { request: { uid: {} } },
    JSON.parse('{"__proto__":{"request":1}}'),
  ];
  for (const value of strange) {
    assert.ok('problem' in parseReview(value));
    assert.ok('problem' in parseHarborEvent(value));
    for (const kind of podKinds) podImages(...(kind.split('/') as [string, string]), value);
  }
  assert.ok('problem' in podImages('', 'Pod', { spec: { containers: 'many' } }));
  assert.ok('problem' in podImages('', 'Pod', { spec: { containers: [], volumes: [{ image: {} }] } }));
  assert.ok('problem' in podImages('', '__proto__', {}));
});

test('adds up layers and configuration, and reads indexes', () => {
  assert.deepEqual(manifestSize('{"config":{"size":5},"layers":[{"size":10},{"size":20}]}'), { bytes: 35 });
  assert.deepEqual(manifestSize('{"manifests":[{"digest":"sha256:x"}]}'), { manifests: ['sha256:x'] });
  for (const text of [
    '',
    '[]',
    '{}',
    '{"config":{"size":-1}}',
    '{"config":{"size":1},"layers":[{}]}',
    '{"manifests":[{}]}',
  ]) {
    assert.ok('problem' in manifestSize(text), text);
  }
});

test('takes secrets out of texts, however they are written', () => {
  const clean = redactor(['S3cret/pass', 'abc']);
  const text = `S3cret/pass S3cret%2Fpass ${Buffer.from('S3cret/pass').toString('base64')} https://me:pw@host/x Basic YWJjZDplZmdo abc`;
  assert.equal(clean(text), '*** *** *** https://***@host/x Basic *** abc');
});

test('forgets the verdict unused longest, and those whose time is over', () => {
  const cache = createCache<string>({ maxEntries: 2 });
  cache.set('a', 'A', 100);
  cache.set('b', 'B', 100);
  assert.equal(cache.get('a', 0), 'A');
  cache.set('c', 'C', 100);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key, 99)),
    ['A', undefined, 'C'],
  );
  assert.deepEqual([cache.get('a', 100), cache.size], [undefined, 1]);
});
