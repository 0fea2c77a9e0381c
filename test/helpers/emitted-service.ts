// Emitted services on disk, as the tests of what a service can do need them.
import * as disk from 'node:fs/promises';
import { type Answers, defaultRouter } from '../../scaffold/src/answers.ts';
import { write } from '../../scaffold/src/create/write.ts';
import { buildTags, optionsOn } from '../../scaffold/src/emit/emit.ts';
import { plan } from '../../scaffold/src/emit/plan.ts';
import { readTemplate, type Template } from '../../scaffold/src/emit/template.ts';
import { type OptionFlag, optionNames } from '../../scaffold/src/options.ts';
import { packageVersion, templateFolder } from '../../scaffold/src/package.ts';

const template = readTemplate(templateFolder);

/** The options of the template that a flag takes, as options.json lists them. */
export function optionsOf(flag: OptionFlag): string[] {
  return optionNames(template.options, flag);
}

/** Answers with no option on, on the default router. */
export const plainAnswers: Answers = {
  name: 'shop',
  module: 'example.com/shop',
  port: 8080,
  router: defaultRouter,
  with: [],
  ci: [],
};

/** Answers with every option on that can be combined, on the default router. */
export const fullAnswers: Answers = {
  ...plainAnswers,
  with: optionsOf('with').sort(),
  ci: optionsOf('ci').sort(),
};

/** Every subset of some options, in an order of its own; what comes first among them comes first in a subset. */
export function subsetsOf([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]];
  return subsetsOf(rest).flatMap((subset) => [subset, [first, ...subset]]);
}

/** The build tags of the service that these answers give, as behind `-tags`. */
export function tagsOf(answers: Answers): string {
  return buildTags(optionsOn(answers), template.options);
}

/** Text of one file that these answers give; throws when they give no such file. */
export function emittedText(answers: Answers, path: string): string {
  const file = plan(answers, template, packageVersion).get(path);
  if (file === undefined) throw new Error(`these answers give no ${path}`);
  return new TextDecoder().decode(file.bytes);
}

/** Writes the service that these answers give into `folder`, which must not exist yet; of today's template, or another. */
export async function emitService(
  answers: Answers,
  folder: string,
  from: { template: Template; version: string } = { template, version: packageVersion },
): Promise<void> {
  await write(plan(answers, from.template, from.version), folder, { disk });
}
