import type { Subject } from '../../rule.ts';
import { contextSources } from './modules.ts';
import { isSample } from './secret-files.ts';
import { stepsOf } from './steps.ts';

/** A file of the context that a COPY or ADD names, and what it holds. */
export type CopiedText = { path: string; text: string };

const settingsFile =
  /(?:\.(?:json|ya?ml|toml|env|ini|conf|cfg|config|properties|txt|sh)|(?:^|\/)\.[\w.-]+)$/i;

/** The files that COPY and ADD name and whose text is known, samples aside. */
export function copiedTexts(subject: Subject): CopiedText[] {
  const { build, context } = subject;
  if (context === undefined) return [];
  const sources = new Set(
    build.stages
      .flatMap((stage) => stepsOf(subject, stage).filter((step) => step.stage === stage))
      .flatMap(contextSources),
  );
  return [...sources].flatMap((path) => {
    const text = context.texts.get(path);
    return text === undefined || isSample(path) || /(?:^|\/)go\.(?:mod|sum|work)/.test(path)
      ? []
      : [{ path, text }];
  });
}

/** Whether a file is one of settings, in whose lines a name has a value. */
export function isSettingsFile(path: string): boolean {
  return settingsFile.test(path);
}
