import type { TraceLogs, TraceModel } from './model.ts';

/**
 * Spans that match a text, in the order of the waterfall: by label, by service, or by a log line under them.
 * Case does not matter; an empty text matches nothing.
 */
export function searchSpans(model: TraceModel, logs: TraceLogs, text: string): Int32Array {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return new Int32Array(0);
  const holds = (value: string) => value.toLowerCase().includes(wanted);
  const labels = model.label.dictionary.map(holds);
  const services = model.service.dictionary.map(holds);
  const byLog = new Set<number>();
  logs.lines.forEach((line, k) => {
    if (holds(line.body)) byLog.add(logs.span[k]!);
  });
  return model.tree.order.filter(
    (span) => labels[model.label.index[span]!] || services[model.service.index[span]!] || byLog.has(span),
  );
}

/** The element of `spans` that follows span `current` in the waterfall, around the end; -1 when there is none. */
export function nextSpan(model: TraceModel, spans: Int32Array, current: number): number {
  const at = current < 0 ? -1 : model.tree.place[current]!;
  return spans.find((span) => model.tree.place[span]! > at) ?? spans[0] ?? -1;
}
