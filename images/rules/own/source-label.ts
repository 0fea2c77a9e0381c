import { pairsOf } from '../../dockerfile/pairs.ts';
import type { Rule } from '../rule.ts';
import { outputStages } from './facts/outputs.ts';
import { type Step, stepsOf } from './facts/steps.ts';
import { valueIn } from './facts/values.ts';

const label = 'org.opencontainers.image.source';

/** Images that do not say which repository they are built from. */
export const sourceLabel: Rule = {
  code: 'source-label',
  severity: 'warning',
  title: 'The image says where its source is',
  what: 'Every stage that an image is made of has the label `org.opencontainers.image.source`, in itself or in a stage that it is built from. A label of a stage that is only copied from does not reach the image.',
  why: 'Who finds a hole in a running image has to find its source; registries and update bots link the two by this label.',
  mend: 'Add `LABEL org.opencontainers.image.source="https://…"` to the last stage, by an ARG where the address differs.',
  link: 'https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys',
  *check(subject) {
    for (const stage of outputStages(subject.build)) {
      if (stepsOf(subject, stage).some((step) => setsLabel(step))) continue;
      const what = stage.name === undefined ? 'The image' : `The image of stage ${stage.name}`;
      yield { line: stage.from.startLine, message: `${what} has no label ${label}.` };
    }
  },
};

/** A variable without a default is given when the image is built; an empty text never names a source. */
function setsLabel(step: Step): boolean {
  if (step.instruction.keyword !== 'label') return false;
  return pairsOf(step.instruction).some(
    ({ key, value }) =>
      valueIn(step, key) === label && (value?.includes('$') === true || valueIn(step, value ?? '') !== ''),
  );
}
