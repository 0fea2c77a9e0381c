/** A stretch of a trace's time, in milliseconds from its start. */
export interface View {
  fromMs: number;
  toMs: number;
}

/** The closest zoom: a microsecond. */
const SHORTEST_MS = 0.001;

/** Round points in time inside a view, at most `most` of them. */
export function ticks(view: View, most: number): number[] {
  const span = view.toMs - view.fromMs;
  const rough = span / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * size).find((s) => s >= rough) ?? size * 10;
  const first = Math.ceil(view.fromMs / step);
  const last = Math.floor(view.toMs / step);
  return Array.from(
    { length: Math.max(0, Math.min(most + 1, last - first + 1)) },
    (_, i) => (first + i) * step,
  );
}

function inside(view: View, whole: View): View {
  const span = Math.min(whole.toMs - whole.fromMs, Math.max(SHORTEST_MS, view.toMs - view.fromMs));
  const fromMs = Math.max(whole.fromMs, Math.min(whole.toMs - span, view.fromMs));
  return { fromMs, toMs: fromMs + span };
}

/** The view made `factor` times as long around `centreMs`, kept inside the whole. */
export function zoom(view: View, factor: number, centreMs: number, whole: View): View {
  const centre = Math.max(view.fromMs, Math.min(view.toMs, centreMs));
  const fromMs = centre - (centre - view.fromMs) * factor;
  return inside({ fromMs, toMs: fromMs + (view.toMs - view.fromMs) * factor }, whole);
}

/** The view moved by a share of its length, kept inside the whole. */
export function pan(view: View, share: number, whole: View): View {
  const by = (view.toMs - view.fromMs) * share;
  return inside({ fromMs: view.fromMs + by, toMs: view.toMs + by }, whole);
}

/** The view between two points given in any order, kept inside the whole. */
export function between(a: number, b: number, whole: View): View {
  return inside({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }, whole);
}
