/** Who must have signed: the holder of a key, or an identity whose certificate names it. */
export type Signer =
  | { kind: 'key'; key: string }
  | {
      kind: 'identity';
      identity: string;
      /** Whether the identity is a regular expression. */
      identityPattern: boolean;
      issuer: string;
      issuerPattern: boolean;
      /** PEM file of the roots that certificates must lead to; Sigstore's own where nothing is said. */
      caRoots: string | undefined;
    };

/** How an image is verified. */
export type Verification = {
  signer: Signer;
  /** Whether the signature must be in a transparency log. */
  transparencyLog: boolean;
  /** A file of Sigstore's trust roots, for a log and a CA of one's own. */
  trustedRoot: string | undefined;
};

/** What cosign is told about a registry. */
export type RegistryAccess = { plainHttp: boolean };

/** Where cosign looks for signatures: bundles first and its older format where there are none, or the older one only. */
export type SignatureFormat = 'any' | 'old';

/** The command line of `cosign` that verifies `reference`, which names a digest. */
export function cosignArguments(
  reference: string,
  how: Verification,
  access: RegistryAccess,
  format: SignatureFormat,
): string[] {
  return [
    'verify',
    '--output=json',
    ...(format === 'old' ? ['--new-bundle-format=false'] : []),
    ...signerFlags(how.signer),
    ...(how.transparencyLog ? [] : ['--insecure-ignore-tlog=true']),
    // Certificates of one's own CA are in no log of certificates.
    ...(how.signer.kind === 'identity' && how.signer.caRoots !== undefined
      ? ['--insecure-ignore-sct=true']
      : []),
    ...(how.trustedRoot === undefined ? [] : [`--trusted-root=${how.trustedRoot}`]),
    ...(access.plainHttp ? ['--allow-http-registry=true'] : []),
    '--',
    reference,
  ];
}

function signerFlags(signer: Signer): string[] {
  if (signer.kind === 'key') return [`--key=${signer.key}`];
  return [
    `--certificate-identity${signer.identityPattern ? '-regexp' : ''}=${signer.identity}`,
    `--certificate-oidc-issuer${signer.issuerPattern ? '-regexp' : ''}=${signer.issuer}`,
    ...(signer.caRoots === undefined ? [] : [`--ca-roots=${signer.caRoots}`]),
  ];
}
