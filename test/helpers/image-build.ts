// Builds with BuildKit through Docker's compose plug-in: a docker client alone, without buildx, has the old builder only.
import { writeFileSync } from 'node:fs';

export interface ImageBuild {
  /** Folder that is sent to the engine, with the Dockerfile in it. */
  context: string;
  tag: string;
  /** The stage that is built; the last one without it. */
  target?: string;
}

/** Writes a compose file for one image and answers the arguments with which `docker-compose` builds it. */
export function buildArguments(composeFile: string, { context, tag, target }: ImageBuild): string[] {
  const build = { context, dockerfile: 'Dockerfile', ...(target !== undefined && { target }) };
  // JSON is YAML; a dollar would be a variable of compose.
  const text = JSON.stringify({ name: 'go-sre-build', services: { image: { image: tag, build } } }, null, 2);
  writeFileSync(composeFile, text.replaceAll('$', '$$$$'));
  return ['--progress', 'plain', '--file', composeFile, 'build'];
}
