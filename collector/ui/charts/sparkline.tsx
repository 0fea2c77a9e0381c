import type { Sparkline as Line } from '../../api/types.ts';
import { sparkShape } from './spark-path.ts';

interface SparklineProps {
  line: Line;
  /** The least value that fills the height, so that the noise of a small value stays small. */
  top: number;
  onsetMs: number | undefined;
  tone?: 'now' | 'bad' | undefined;
}

/** A small line beside its number. `tone` colours what comes after the onset; normal stays grey. */
export function Sparkline({ line, top, onsetMs, tone }: SparklineProps) {
  const shape = sparkShape(line.at, line.value, top, onsetMs);
  return (
    <svg class="spark" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
      {shape.onset === undefined ? null : (
        <line class="onset" x1={shape.onset} x2={shape.onset} y1="-30" y2="130" />
      )}
      <path class={`ln ${tone && shape.onset === undefined ? tone : 'quiet'}`} d={shape.before} />
      <path class={`ln ${tone ?? 'quiet'}`} d={shape.after} />
    </svg>
  );
}
