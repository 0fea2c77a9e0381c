import { alertLabel, alertSeries, alertState, type RawSeries } from '../../../slo/index.ts';

/** An alert of the present rules, over one stretch in which it fired. Times in milliseconds since 1970. */
export type PresentAlert = {
  name: string;
  labels: Readonly<Record<string, string>>;
  fromMs: number;
  toMs: number;
  /** A new alert fired within an hour of it. */
  accompanied: boolean;
};

/** Alerts this near to each other are about one thing. */
const nearMs = 3_600_000;

export type Stretch = { fromMs: number; toMs: number };
export type PresentStretch = Omit<PresentAlert, 'accompanied'>;

/** True for stretches within an hour of each other. */
export function near(a: Stretch, b: Stretch): boolean {
  return a.fromMs <= b.toMs + nearMs && b.fromMs <= a.toMs + nearMs;
}

/** Stretches of `ALERTS` in state firing, of alerts whose whole name matches; samples two steps apart belong together. */
export function presentAlerts(
  series: readonly RawSeries[],
  name: RegExp,
  stepMs: number,
  fromMs: number,
): readonly PresentStretch[] {
  return series
    .filter(
      ({ labels }) =>
        labels.__name__ === alertSeries.alerts && labels[alertLabel.state] === alertState.firing,
    )
    .filter(({ labels }) => name.test(labels[alertLabel.name] ?? ''))
    .flatMap(({ labels, timesMs }) => {
      const { __name__, [alertLabel.name]: alertname = '', [alertLabel.state]: _, ...rest } = labels;
      return stretchesOf(timesMs, 2 * stepMs).map((stretch) => ({
        name: alertname,
        labels: rest,
        ...stretch,
      }));
    })
    .filter(({ toMs }) => toMs >= fromMs)
    .sort((a, b) => a.fromMs - b.fromMs);
}

function stretchesOf(timesMs: readonly number[], gapMs: number): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const time of timesMs) {
    const last = found.at(-1);
    if (last && time - last.toMs <= gapMs) last.toMs = time;
    else found.push({ fromMs: time, toMs: time });
  }
  return found;
}
