import { at, listAt, stringAt } from './json.ts';

/** One artifact that an event tells of. */
type HarborArtifact = { tag: string | undefined; digest: string; reference: string };

/** An artifact was pushed, and where to. */
export type HarborPush = {
  operator: string;
  project: string;
  /** Name within the project; it may hold slashes. */
  repository: string;
  artifacts: readonly HarborArtifact[];
};

/** An event that nothing is done about, by name. */
export type OtherEvent = { ignored: string };

/** `PUSH_ARTIFACT` in Harbor's own format, `harbor.artifact.pushed` as a CloudEvent (Harbor 2.8 and newer). */
const pushTypes = ['PUSH_ARTIFACT', 'harbor.artifact.pushed'];
const digestForm = /^sha256:[0-9a-f]{64}$/;
const maxArtifacts = 100;

/**
 * Reads what Harbor's webhook posts, in either of its formats.
 * Source: https://goharbor.io/docs/2.12.0/working-with-projects/project-configuration/configure-webhooks/
 */
export function parseHarborEvent(body: unknown): HarborPush | OtherEvent | { problem: string } {
  const type = stringAt(body, 'type');
  if (type === undefined || type === '') return { problem: 'type is missing' };
  if (!pushTypes.includes(type)) return { ignored: type };
  const data = at(body, type === 'PUSH_ARTIFACT' ? 'event_data' : 'data');
  const project = stringAt(data, 'repository', 'namespace');
  const repository = stringAt(data, 'repository', 'name');
  if (!project || !repository) return { problem: 'repository.namespace or repository.name is missing' };
  const resources = listAt(data, 'resources');
  if (resources.length === 0) return { problem: 'resources is missing or empty' };
  if (resources.length > maxArtifacts) return { problem: `more than ${maxArtifacts} resources` };
  const artifacts: HarborArtifact[] = [];
  for (const [index, resource] of resources.entries()) {
    const digest = stringAt(resource, 'digest');
    const url = stringAt(resource, 'resource_url');
    if (digest === undefined || !digestForm.test(digest))
      return { problem: `resources[${index}].digest is no sha256 digest` };
    if (url === undefined || url === '') return { problem: `resources[${index}].resource_url is missing` };
    const tag = stringAt(resource, 'tag');
    artifacts.push({
      digest,
      tag: tag === undefined || tag === digest ? undefined : tag,
      reference: byDigest(url, digest),
    });
  }
  return { operator: stringAt(body, 'operator') ?? '', project, repository, artifacts };
}

/** `hub.example.com/p/r:1` or `…@sha256:…` as `hub.example.com/p/r@DIGEST`: what was pushed, wherever the tag points now. */
function byDigest(url: string, digest: string): string {
  const name = url.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return `${name}@${digest}`;
}

/** Signatures and other artifacts of cosign, which are no images: their tags are named after a digest. */
export function isSignatureTag(tag: string | undefined): boolean {
  return tag !== undefined && /^sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/.test(tag);
}
