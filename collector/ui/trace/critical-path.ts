import type { Tree } from './tree.ts';

/** Stretches of time and the span that each waits for, in order of time, without gaps or overlaps. */
export interface CriticalPath {
  span: Int32Array;
  from: Float64Array;
  to: Float64Array;
}

/** A span whose stretch is being divided, from its end backwards. */
interface Frame {
  span: number;
  from: number;
  to: number;
  /** Divided from here on. */
  cursor: number;
  /** Children inside the stretch, the one that ends last first. */
  children: Int32Array;
  next: number;
}

/**
 * The critical path below one span: what shortening would have ended it sooner. Seen from the end backwards, a
 * stretch belongs to the child that ended last before it, and to the span itself while none had. A child that
 * still runs when a later one starts did not hold that one up and is left out. Children are clipped to their
 * parent's stretch, so skewed clocks cannot leave it. As in Uber's CRISP (https://www.usenix.org/conference/atc22/presentation/zhang-zhizhou).
 */
export function criticalPath(
  tree: Tree,
  start: ArrayLike<number>,
  duration: ArrayLike<number>,
  root: number,
): CriticalPath {
  const span: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const emit = (who: number, begin: number, end: number) => {
    if (end <= begin) return;
    span.push(who);
    from.push(begin);
    to.push(end);
  };
  const open = (who: number, begin: number, end: number): Frame => {
    const endOf = (child: number) => Math.min(end, start[child]! + duration[child]!);
    const all = tree.child.subarray(tree.childFrom[who], tree.childFrom[who + 1]);
    const children = all.filter((child) => endOf(child) > Math.max(begin, start[child]!));
    children.sort((a, b) => endOf(b) - endOf(a) || start[a]! - start[b]! || a - b);
    return { span: who, from: begin, to: end, cursor: end, children, next: 0 };
  };
  const stack = [open(root, start[root]!, start[root]! + duration[root]!)];
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const child = frame.children[frame.next++];
    if (child === undefined) {
      emit(frame.span, frame.from, frame.cursor);
      stack.pop();
      continue;
    }
    const begin = Math.max(frame.from, start[child]!);
    const end = Math.min(frame.to, start[child]! + duration[child]!);
    if (end > frame.cursor) continue;
    emit(frame.span, end, frame.cursor);
    frame.cursor = begin;
    stack.push(open(child, begin, end));
  }
  return {
    span: Int32Array.from(span).reverse(),
    from: Float64Array.from(from).reverse(),
    to: Float64Array.from(to).reverse(),
  };
}
