import { type Document, parseAllDocuments, stringify } from 'yaml';

/** What checks images in a cluster. */
export type PolicyEngine = 'kyverno' | 'kyverno-cluster-policy' | 'policy-controller' | 'webhook';

/** Who must have signed, with the content of the files where an engine wants that. */
export type PolicySigner =
  | { kind: 'key'; pem: string }
  | { kind: 'kms'; address: string }
  | { kind: 'identity'; subject: Matched; issuer: Matched; rootsPem: string | undefined };

/** A text, or a regular expression for it. */
type Matched = { text: string; pattern: boolean };

/** What a policy of any engine is made from. */
export type PolicyWish = {
  /** Patterns of names without tags: `*` within a part of the path, `**` for any. */
  images: readonly string[];
  signer: PolicySigner;
  transparencyLog: boolean;
  /** Whether signatures are in cosign's older format. */
  oldFormat: boolean;
};

/** What only the admission server's own files are made from. */
export type WebhookWish = {
  /** The configuration of the server, and the files beside it by name. */
  config: unknown;
  files: Readonly<Record<string, string>>;
  serverImage: string | undefined;
  /** PEM of the CA of the server's certificate; cert-manager fills it in where there is none. */
  caPem: string | undefined;
};

/** As the templates are written. */
const style = { lineWidth: 0, flowCollectionPadding: false } as const;

/** Sigstore's public transparency log and certificate authority. Source: https://docs.sigstore.dev/about/overview/ */
const [rekor, fulcio] = ['https://rekor.sigstore.dev', 'https://fulcio.sigstore.dev'];

/** Fills in the template of an engine, its comments kept. */
export function renderPolicy(
  engine: Exclude<PolicyEngine, 'webhook'>,
  template: string,
  wish: PolicyWish,
): string {
  const [document] = parse(template);
  if (engine === 'kyverno') fillKyverno(document!, wish);
  else if (engine === 'kyverno-cluster-policy') fillClusterPolicy(document!, wish);
  else fillPolicyController(document!, wish);
  return document!.toString(style);
}

/** Fills in the template of the admission server and its webhook. */
export function renderWebhook(template: string, { config, files, serverImage, caPem }: WebhookWish): string {
  const documents = parse(template);
  for (const document of documents) {
    const kind = document.get('kind');
    if (kind === 'ConfigMap') {
      document.setIn(['data'], { 'admission.yaml': stringify(config, { lineWidth: 0 }), ...files });
    } else if (kind === 'Deployment' && serverImage !== undefined) {
      document.setIn(['spec', 'template', 'spec', 'containers', 0, 'image'], serverImage);
    } else if (kind === 'ValidatingWebhookConfiguration' && caPem !== undefined) {
      document.deleteIn(['metadata', 'annotations']);
      const bundle = Buffer.from(caPem).toString('base64');
      document.setIn(['webhooks', 0, 'clientConfig', 'caBundle'], bundle);
    }
  }
  return documents.map((document) => document.toString(style)).join('');
}

function parse(template: string): Document[] {
  const documents = parseAllDocuments(template);
  return 'empty' in documents ? [] : documents;
}

function fillKyverno(document: Document, wish: PolicyWish): void {
  document.setIn(
    ['spec', 'matchImageReferences'],
    wish.images.flatMap(kyvernoPatterns).map((glob) => ({ glob })),
  );
  const log = wish.transparencyLog ? { url: rekor } : { insecureIgnoreTlog: true, insecureIgnoreSCT: true };
  document.setIn(['spec', 'attestors', 0, 'cosign'], { ...kyvernoSigner(wish.signer), ctlog: log });
}

function kyvernoSigner(signer: PolicySigner): object {
  if (signer.kind === 'key') return { key: { data: signer.pem } };
  if (signer.kind === 'kms') return { key: { kms: signer.address } };
  return { keyless: { identities: [identity(signer)], ...roots(signer.rootsPem) } };
}

function fillClusterPolicy(document: Document, wish: PolicyWish): void {
  const path = ['spec', 'rules', 0, 'verifyImages', 0];
  document.setIn([...path, 'type'], wish.oldFormat ? 'Cosign' : 'SigstoreBundle');
  document.setIn([...path, 'imageReferences'], wish.images.flatMap(kyvernoPatterns));
  const log = wish.transparencyLog
    ? { rekor: { url: rekor } }
    : { rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } };
  document.setIn([...path, 'attestors', 0, 'entries'], [clusterPolicyEntry(wish.signer, log)]);
}

function clusterPolicyEntry(signer: PolicySigner, log: object): unknown {
  if (signer.kind === 'key') return { keys: { publicKeys: signer.pem, ...log } };
  if (signer.kind === 'kms') return { keys: { kms: signer.address, ...log } };
  return { keyless: { ...identity(signer), ...roots(signer.rootsPem), ...log } };
}

function fillPolicyController(document: Document, wish: PolicyWish): void {
  document.setIn(
    ['spec', 'images'],
    wish.images.flatMap(sigstorePatterns).map((glob) => ({ glob })),
  );
  const authority = {
    name: 'signer',
    ...sigstoreSigner(wish.signer),
    signatureFormat: readsBundles(wish) ? 'bundle' : 'legacy',
    ...(wish.transparencyLog ? { ctlog: { url: rekor } } : {}),
  };
  document.setIn(['spec', 'authorities'], [authority]);
}

function sigstoreSigner(signer: PolicySigner): object {
  if (signer.kind === 'key') return { key: { data: signer.pem } };
  if (signer.kind === 'kms') return { key: { kms: signer.address } };
  const ca = signer.rootsPem === undefined ? {} : { 'ca-cert': { data: signer.rootsPem } };
  return { keyless: { url: fulcio, identities: [identity(signer)], ...ca } };
}

/**
 * Whether policy-controller is told to read bundles: with a key it cannot.
 * Source: pkg/webhook/validator.go of github.com/sigstore/policy-controller v0.13.1
 */
export function readsBundles({ signer, oldFormat }: PolicyWish): boolean {
  return !oldFormat && signer.kind === 'identity';
}

function identity({ subject, issuer }: { subject: Matched; issuer: Matched }): object {
  return {
    [subject.pattern ? 'subjectRegExp' : 'subject']: subject.text,
    [issuer.pattern ? 'issuerRegExp' : 'issuer']: issuer.text,
  };
}

function roots(pem: string | undefined): object {
  return pem === undefined ? {} : { roots: pem };
}

/** In Kyverno a star spans slashes, and a name is compared with its tag or digest. */
function kyvernoPatterns(pattern: string): string[] {
  const plain = pattern.replaceAll('**', '*');
  return plain.endsWith('*') ? [plain] : [`${plain}:*`, `${plain}@*`];
}

/** In policy-controller stars mean what they do here, Docker Hub has another name, and tags and digests count. */
function sigstorePatterns(pattern: string): string[] {
  const plain = pattern.replace(/^docker\.io\//, 'index.docker.io/');
  return plain.endsWith('*') ? [plain] : [`${plain}:**`, `${plain}@**`];
}
