import type { BuildContext } from '../../../../images/context.ts';
import { shippedBaseImages } from '../../../../images/data/base-images.ts';
import { parseDockerfile } from '../../../../images/dockerfile/parser.ts';
import { resolveStages } from '../../../../images/dockerfile/stages.ts';
import type { Finding } from '../../../../images/finding.ts';
import { checkBuild } from '../../../../images/gate.ts';
import { ownRules } from '../../../../images/rules/own/table.ts';

/** A context with these texts; `files` beside them. */
export function contextOf(
  texts: Readonly<Record<string, string>>,
  more: Partial<BuildContext> = {},
): BuildContext {
  return {
    ...{ dockerfile: 'Dockerfile', truncated: false, texts: new Map(Object.entries(texts)) },
    files: Object.keys(texts),
    dockerignore: '.dockerignore' in texts ? '.dockerignore' : undefined,
    tidy: { state: 'unknown', why: 'nobody asked' },
    cgo: undefined,
    ...more,
  };
}

/** What our own rules find on 2026-11-26. */
export function judge(dockerfile: string, context?: BuildContext): readonly Finding[] {
  const subject = {
    build: resolveStages(parseDockerfile(dockerfile)),
    ...{ context, baseImages: shippedBaseImages, today: '2026-11-26' },
    settings: { trustedRegistries: undefined, labelSchema: new Map(), strictLabels: false },
  };
  return checkBuild(subject, ownRules, new Map(), 'Dockerfile').findings;
}

/** Codes of one rule's findings by line: `12`, or `.dockerignore:3`. */
export function places(code: string, dockerfile: string, context?: BuildContext): string[] {
  return judge(dockerfile, context)
    .filter((finding) => finding.code === code)
    .map(({ file, line }) => (file === 'Dockerfile' ? `${line}` : `${file}:${line}`));
}
