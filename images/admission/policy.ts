import type { ImageReference } from '../dockerfile/reference.ts';
import { parseReference } from '../dockerfile/reference.ts';
import type { AdmissionConfig, Policy } from './config-schema.ts';
import { fits } from './glob.ts';
import type { RegistryAccess, Signer, Verification } from './signer.ts';

/** `ghcr.io/acme/shop`: registry and repository without tag and digest, as patterns are compared with. */
export function imageName({ registry, repository }: ImageReference): string {
  return `${registry}/${repository}`;
}

/** The first policy of the table that covers the image in the namespace. */
export function policyFor(
  image: ImageReference,
  namespace: string,
  policies: readonly Policy[],
): Policy | undefined {
  const name = imageName(image);
  return policies.find(
    ({ images, namespaces }) =>
      images.some((pattern) => fits(name, fullPattern(pattern))) &&
      namespaces.some((pattern) => fits(namespace, pattern)),
  );
}

/** A pattern as it is compared: `nginx` means what it does in a Dockerfile, `docker.io/library/nginx`. */
function fullPattern(pattern: string): string {
  if (pattern.includes('*')) return pattern;
  const reference = parseReference(pattern);
  return reference === undefined ? pattern : imageName(reference);
}

/** How a policy wants its images verified; undefined where it exempts them. */
export function verificationOf(policy: Policy): Verification | undefined {
  const signer = signerOf(policy);
  if (signer === undefined) return undefined;
  return { signer, transparencyLog: policy.transparencyLog, trustedRoot: policy.trustedRoot };
}

function signerOf(policy: Policy): Signer | undefined {
  if (policy.key !== undefined) return { kind: 'key', key: policy.key };
  const identity = policy.identity ?? policy.identityPattern;
  const issuer = policy.issuer ?? policy.issuerPattern;
  if (identity === undefined || issuer === undefined) return undefined;
  return {
    kind: 'identity',
    identity,
    identityPattern: policy.identity === undefined,
    issuer,
    issuerPattern: policy.issuer === undefined,
    caRoots: policy.caRoots,
  };
}

/** How a registry is reached; one on this machine's loopback speaks HTTP, as Docker has it. */
export function accessOf(host: string, registries: AdmissionConfig['registries']): RegistryAccess {
  const row = registries.find((one) => one.host === host);
  const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
  return { plainHttp: row?.plainHttp ?? loopback };
}
