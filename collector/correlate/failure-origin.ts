/** In which span a failed request's failure begins. */
import { dbSystem, type RequestTree, read, type SpanNode } from './spans.ts';

/** What holds the larger half of a time holds it. */
export const MAIN_SHARE = 0.5;

/** The deepest failed span; of a call that its caller gave up on, what the time below it went to. */
export function failureOrigin(request: RequestTree): SpanNode {
  return waitedFor(firstFailed(request));
}

function firstFailed(request: RequestTree): SpanNode {
  let node = request.entry;
  for (let next: SpanNode | undefined = node; next; next = node.children.findLast((child) => child.failed)) {
    node = next;
    if (dbSystem(node.attributes) !== '') break;
  }
  return node;
}

/**
 * Of a call that got no answer although it arrived, because its caller gave up: what the time below it went to, always
 * into the part that holds the larger half. Other calls stay what they are.
 */
function waitedFor(call: SpanNode): SpanNode {
  const isAnswered = read(call.attributes, 'httpStatusCode') !== '';
  const arrived = call.children.some((child) => child.service !== call.service);
  if (call.kind !== 'client' || isAnswered || !arrived) return call;
  let node = call;
  while (dbSystem(node.attributes) === '') {
    const longest = node.children.reduce<SpanNode | undefined>(
      (a, b) => (a && lengthMs(a) >= lengthMs(b) ? a : b),
      undefined,
    );
    if (!longest || lengthMs(longest) < MAIN_SHARE * lengthMs(node)) break;
    node = longest;
  }
  return node;
}

function lengthMs({ startMs, endMs }: SpanNode): number {
  return endMs - startMs;
}
