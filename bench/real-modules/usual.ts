// The Dockerfile that most people write: two stages and the module files first, but no cache mount.
import { posix } from 'node:path';
import { type Checkout, moduleFiles } from './checkout.ts';
import type { RealModule } from './modules.ts';

/**
 * The text of a usual multi-stage Dockerfile for one main package. A program with C gets images with glibc: the usual one
 * does not build it, or leaves out what it is for.
 */
export function usualDockerfile(
  module: RealModule,
  checkout: Checkout,
  { goVersion, cgo }: { goVersion: string; cgo: boolean },
): string {
  const copies = moduleFiles(checkout).map((name) => `COPY ${name} ${posix.dirname(name)}/`);
  const tags = module.tags === undefined ? '' : ` -tags ${module.tags}`;
  return `FROM golang:${goVersion}-${cgo ? 'trixie' : 'alpine'} AS build
WORKDIR /app
${copies.join('\n')}
RUN go mod download
COPY . .
RUN CGO_ENABLED=${cgo ? 1 : 0} go build${tags} -o /out/server ${checkout.main}

FROM ${cgo ? 'gcr.io/distroless/cc-debian13:nonroot' : 'alpine:3.23'}
COPY --from=build /out/server /server
ENTRYPOINT ["/server"]
`;
}
