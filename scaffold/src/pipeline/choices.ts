import { parseArgs } from 'node:util';
import { nearest } from '../../../slo/index.ts';
import { failed, usage } from '../errors.ts';
import { readBytes } from '../image/size-words.ts';
import { type PipelineChoices, pipelineMark, type Scanner, scanners } from './render.ts';

/** The flags that shape a pipeline; they are kept in its first line. */
export const choiceFlags = {
  scanner: { type: 'string', value: 'NAME', does: 'trivy (the default), grype or scout' },
  image: {
    type: 'string',
    value: 'REF',
    does: "where the image goes, without a tag (default: the CI system's registry)",
  },
  budget: {
    type: 'string',
    value: 'SIZE',
    does: 'what the image may have: 40MB (10^6 bytes), 40MiB (default: 80MiB)',
  },
  alone: { type: 'boolean', does: 'a pipeline of its own, not a part of another' },
} as const;

/** The words of these flags. */
type ChoiceWords = {
  scanner?: string | undefined;
  image?: string | undefined;
  budget?: string | undefined;
  alone?: boolean | undefined;
};

/** @throws CliError (exit code 2) for a word that is no scanner, image or size */
export function readChoices({ scanner, image, budget, alone }: ChoiceWords): PipelineChoices {
  return {
    scanner: readScanner(scanner),
    image: image === undefined ? undefined : readImage(image),
    budget: budget === undefined ? undefined : readBytes(budget, 'budget'),
    alone: alone === true,
  };
}

/**
 * The choices that a file was written with; undefined where this command did not write it.
 * @throws CliError (exit code 1) when its first line was changed into something else
 */
export function choicesIn(text: string, path: string): PipelineChoices | undefined {
  const line = text.split(/\r?\n/, 1)[0]!;
  if (!line.startsWith(pipelineMark)) return undefined;
  const args = line.slice(pipelineMark.length).trim().split(/\s+/);
  try {
    return readChoices(parseArgs({ args, options: { ...choiceFlags, ci: { type: 'string' } } }).values);
  } catch {
    throw failed(`The first line of ${path} holds flags that cannot be read. Give them anew, with --force.`);
  }
}

function readScanner(word: string | undefined): Scanner {
  const scanner = scanners.find((name) => name === (word ?? scanners[0]));
  if (scanner !== undefined) return scanner;
  const near = nearest(word!, scanners);
  throw usage(
    `--scanner is ${scanners.join(', ')}; ${JSON.stringify(word)} is none of them.${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}

/** Host with a dot, a port or its name `localhost`, then path components in lower case; no tag, no digest. */
const imageForm =
  /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+$/;

/** Strict, since it stands in a shell. */
function readImage(text: string): string {
  if (imageForm.test(text) && text.length <= 255) return text;
  throw usage(
    `--image is REGISTRY/PATH in lower case and without a tag, such as registry.example.com/team/orders; ${JSON.stringify(text)} is not.`,
  );
}
