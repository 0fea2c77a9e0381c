import type { Firing } from '../replay.ts';
import type { Severity } from '../slo.ts';
import { simulatedStepSeconds as step, type Traffic } from './traffic.ts';
import type { Alarm } from './workbook.ts';

/** What one run of a simulation gave, in seconds. */
export interface Detection {
  /** From the onset to the first alert of a severity; undefined: none came while there was trouble. */
  readonly delay: Readonly<Record<Severity, number | undefined>>;
  /** From the end of the trouble to the end of the last page that it caused; 0 when that had ended before. */
  readonly reset: number | undefined;
  /** Pages that began without trouble, or long after it. */
  readonly falsePages: number;
}

/** A short window still holds trouble that has just ended: a page that begins so soon afterwards is no false one. */
const graceSeconds = 300;

/** Compares alarms with the trouble that was simulated, of which there is at most one stretch. */
export function detect({ faults }: Pick<Traffic, 'faults'>, alarms: readonly Alarm[]): Detection {
  const [fault] = faults;
  const seen = (alarm: Alarm) => (alarm.from + 1) * step;
  const meant = (alarm: Alarm) =>
    fault !== undefined && seen(alarm) > fault.from && seen(alarm) <= fault.to + graceSeconds;
  const first = (severity: Severity) => {
    const found = alarms.find((alarm) => alarm.severity === severity && meant(alarm));
    return fault && found && seen(found) - fault.from;
  };
  const pages = alarms.filter(({ severity }) => severity === 'page');
  const ends = pages.filter(meant).map(({ to }) => (to + 1) * step);
  return {
    delay: { page: first('page'), ticket: first('ticket') },
    reset: fault && ends.length > 0 ? Math.max(...ends.map((end) => end - fault.to), 0) : undefined,
    falsePages: pages.filter((page) => !meant(page)).length,
  };
}

/** One alarm per severity from those of its tiers, in the order of beginnings: higher tiers inhibit lower ones. */
export function alarmsOf(firings: readonly Firing[]): readonly Alarm[] {
  const found: { severity: Severity; from: number; to: number }[] = [];
  const last = new Map<Severity, { to: number }>();
  for (const { tier, from, to } of firings) {
    const open = last.get(tier.severity);
    if (open && open.to >= from) {
      open.to = Math.max(open.to, to);
      continue;
    }
    const alarm = { severity: tier.severity, from, to };
    last.set(tier.severity, alarm);
    found.push(alarm);
  }
  return found;
}
