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
