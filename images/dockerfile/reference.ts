/** `docker.io/library/golang:1.26.8-alpine@sha256:…` in its parts. */
export type ImageReference = {
  /** As it is written. */
  text: string;
  /** `docker.io` where none is written. */
  registry: string;
  /** With `library/` where Docker Hub's official images have it. */
  repository: string;
  /** The short name people know: `golang`, `prom/prometheus`, `gcr.io/distroless/static-debian13`. */
  familiar: string;
  tag: string | undefined;
  /** `sha256:…` */
  digest: string | undefined;
};

// Source of the grammar: https://github.com/distribution/reference/blob/main/regexp.go
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const domain =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

const dockerHub = 'docker.io';
/** Docker's own longest name; longer texts are none. */
const maxLength = 1024;

/** Reads the name of an image as Docker does, with tag, digest or both; undefined where it is none. */
export function parseReference(text: string): ImageReference | undefined {
  if (text.length > maxLength) return undefined;
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !digestForm.test(digest)) return undefined;
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagForm.test(tag)) return undefined;
  const { registry, path } = splitRegistry(colon < 0 ? named : named.slice(0, colon));
  if (!path.split('/').every((part) => component.test(part)) || !domain.test(registry)) return undefined;
  const official = registry === dockerHub && !path.includes('/');
  const short = registry === dockerHub ? path.replace(/^library\//, '') : `${registry}/${path}`;
  const repository = official ? `library/${path}` : path;
  return { text, registry, repository, familiar: short, tag, digest };
}

/** What stands before the first slash is a registry where it cannot be a user's name: a dot, a port, localhost. */
function splitRegistry(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (!/[.:]/.test(first) && first !== 'localhost' && first.toLowerCase() === first) {
    return { registry: dockerHub, path: name };
  }
  const registry = first === 'index.docker.io' ? dockerHub : first;
  return { registry, path: name.slice(slash + 1) };
}
