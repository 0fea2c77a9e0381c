import { hadolintRule } from './card.ts';
import { labelsOf } from './labels.ts';

export const dl3048 = hadolintRule({
  code: 'DL3048',
  severity: 'style',
  title: 'Label keys are well formed',
  what: 'Finds label keys that are no lower-case names cut by single dots and hyphens, or that Docker keeps for itself.',
  why: 'Tools that read labels may refuse or overwrite them.',
  mend: 'Write a name like org.example.some-key.',
  check: (subject) =>
    labelsOf(subject)
      .filter(({ key }) => !isValid(key))
      .map(({ key, line }) => ({ line, message: `${key} is no key for a label.` })),
});

/** Source: https://docs.docker.com/engine/manage-resources/labels/#key-format-recommendations */
function isValid(key: string): boolean {
  if (/^(?:com\.docker|io\.docker|org\.dockerproject)\./.test(key)) return false;
  return /^[a-z](?:[a-z0-9._/-]*[a-z0-9])?$/.test(key) && !key.includes('..') && !key.includes('--');
}
