import type { ComponentChildren } from 'preact';
import type { HealthState } from '../../api/types.ts';

const SHAPES = {
  failing: <path d="M5 0L10 10H0Z" fill="var(--err-mark)" />,
  slow: <path d="M5 0L10 5L5 10L0 5Z" fill="var(--warn-mark)" />,
  normal: <circle cx="5" cy="5" r="3.6" fill="none" stroke="var(--ctl)" stroke-width="1.5" />,
  'no data': (
    <circle
      cx="5"
      cy="5"
      r="3.6"
      fill="none"
      stroke="var(--ctl)"
      stroke-width="1.5"
      stroke-dasharray="2 1.6"
    />
  ),
};
const CLASSES: Record<HealthState, string> = { failing: 'f', slow: 'a', normal: 'n', 'no data': 'n' };

/** The mark of a state with its word: triangle failing, diamond slow, ring normal, dashed ring no data. */
export function StateMark({ state, children }: { state: HealthState; children?: ComponentChildren }) {
  return (
    <span class={`st ${CLASSES[state]}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        {SHAPES[state]}
      </svg>
      {children ?? state}
    </span>
  );
}
