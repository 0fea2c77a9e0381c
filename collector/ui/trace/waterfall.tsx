// biome-ignore-all lint/a11y/useSemanticElements: a table would need one element per span; this grid has those in sight
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus, aria-activedescendant names the row
// biome-ignore-all lint/a11y/useKeyWithClickEvents: j, k, h and l do with keys what a click does
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatDuration, formatTick } from '../format.ts';
import { ticks, type View, zoom } from './axis.ts';
import { NO_ERROR, textOf } from './model.ts';
import { Overview } from './overview.tsx';
import { indentOf, msOf, paint, ROW_HEIGHT, type Scene, xOf } from './paint.ts';
import { logOfRow, rowOf } from './rows.ts';

/** Below this width the column of names takes half as much. */
const NARROW_PX = 600;

type Picture = Omit<Scene, 'width' | 'height' | 'names' | 'scrollTop'>;

interface WaterfallProps {
  picture: Picture;
  whole: View;
  onView: (view: View) => void;
  onSelect: (span: number) => void;
  onFold: (span: number) => void;
}

interface Box {
  width: number;
  height: number;
  scrollTop: number;
}

/** What a row says to those who do not see the canvas. */
function spoken(scene: Picture, row: number): { name: string; cells: string[] } {
  const { model, logs } = scene;
  if (row < 0) {
    const line = logs.lines[logOfRow(row)]!;
    return {
      name: `log line ${line.level}`,
      cells: [line.body, `at ${formatDuration(logs.atMs[logOfRow(row)]!)}`],
    };
  }
  const failed = model.error[row] === NO_ERROR ? '' : ', error';
  const took = `${formatDuration(model.duration[row]!)} from ${formatDuration(model.start[row]!)}${failed}`;
  return { name: textOf(model.label, row), cells: [textOf(model.service, row), took] };
}

/** The rows in sight as an ARIA grid behind the canvas. */
function SpokenRows({ scene }: { scene: Scene }) {
  const { rows, model, folded } = scene;
  const first = Math.floor(scene.scrollTop / ROW_HEIGHT);
  const count = Math.min(rows.length - first, Math.ceil(scene.height / ROW_HEIGHT) + 1);
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    const at = first + i;
    const row = rows[at]!;
    const { name, cells } = spoken(scene, row);
    const opens = row >= 0 && model.tree.size[row]! > 1 ? !folded[row] : undefined;
    return (
      <div
        role="row"
        key={at}
        id={row >= 0 ? `span-${row}` : undefined}
        aria-rowindex={at + 1}
        aria-level={row >= 0 ? model.tree.depth[row]! + 1 : undefined}
        aria-expanded={opens}
        aria-selected={row >= 0 && row === scene.selected}
        data-span={row >= 0 ? row : undefined}
      >
        {[name, ...cells].map((cell, c) => (
          <span role="gridcell" key={c}>
            {cell}
          </span>
        ))}
      </div>
    );
  });
}

function TimeAxis({ scene }: { scene: Scene }) {
  return (
    <div class="wh2 xs t3">
      <span class="nmc" style={{ width: `${scene.names}px` }}>
        Span
      </span>
      {ticks(scene.view, scene.width < NARROW_PX ? 3 : 5).map((ms) => (
        <span class="tick" key={ms} style={{ left: `${xOf(scene, ms)}px` }}>
          {formatTick(ms)}
        </span>
      ))}
    </div>
  );
}

/** Follows the size and the scrolling of the scrolled element. */
function useBox(scroller: { current: HTMLDivElement | null }): Box {
  const [box, setBox] = useState<Box>({ width: 0, height: 0, scrollTop: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const read = () =>
      setBox({ width: element.clientWidth, height: element.clientHeight, scrollTop: element.scrollTop });
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', read);
    };
  }, []);
  return box;
}

/** The waterfall: overview, time axis, and the rows in sight drawn on one canvas that stays while rows scroll. */
export function Waterfall({ picture, whole, onView, onSelect, onFold }: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useBox(scroller);
  const names = box.width < NARROW_PX ? 150 : 282;
  const height = Math.min(box.height, picture.rows.length * ROW_HEIGHT);
  const scene: Scene = { ...picture, ...box, height, names };

  useLayoutEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext('2d');
    if (!element || !ctx || box.width === 0) return;
    element.width = Math.round(box.width * devicePixelRatio);
    element.height = Math.round(height * devicePixelRatio);
    element.style.width = `${box.width}px`;
    element.style.height = `${height}px`;
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const frame = requestAnimationFrame(() => paint(ctx, scene));
    return () => cancelAnimationFrame(frame);
  });

  useEffect(() => {
    const element = scroller.current;
    const at = picture.selected < 0 ? -1 : rowOf(picture.rows, picture.selected);
    if (!element || at < 0) return;
    const top = at * ROW_HEIGHT;
    if (top < element.scrollTop) element.scrollTop = top;
    const low = top + ROW_HEIGHT - element.clientHeight;
    if (low > element.scrollTop) element.scrollTop = low;
  }, [picture.selected, picture.rows]);

  const onClick = (event: MouseEvent) => {
    const spokenRow =
      event.target instanceof Element ? event.target.closest<HTMLElement>('[data-span]') : null;
    if (spokenRow) return onSelect(Number(spokenRow.dataset.span));
    const bounds = canvas.current?.getBoundingClientRect();
    if (!bounds) return;
    const y = event.clientY - bounds.top + box.scrollTop;
    const row = picture.rows[Math.floor(y / ROW_HEIGHT)] ?? -1;
    const span = row >= 0 ? row : (picture.logs.span[logOfRow(row)] ?? -1);
    if (span < 0) return;
    const sign = indentOf(picture.model.tree.depth[span]!, names);
    const x = event.clientX - bounds.left;
    if (row >= 0 && x >= sign - 6 && x < sign + 12 && picture.model.tree.size[span]! > 1) onFold(span);
    else onSelect(span);
  };
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const bounds = canvas.current?.getBoundingClientRect();
    const centre = msOf(scene, event.clientX - (bounds?.left ?? 0));
    onView(zoom(picture.view, event.deltaY > 0 ? 1.25 : 0.8, centre, whole));
  };
  return (
    <div class="wf">
      <Overview scene={scene} whole={whole} onView={onView} />
      <TimeAxis scene={scene} />
      <div
        class="rows"
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label="Spans and log lines"
        aria-rowcount={picture.rows.length}
        aria-activedescendant={picture.selected >= 0 ? `span-${picture.selected}` : undefined}
        onClick={onClick}
        onWheel={onWheel}
      >
        <div class="tall" style={{ height: `${picture.rows.length * ROW_HEIGHT}px` }}>
          <canvas ref={canvas} />
        </div>
        <div class="vh" role="rowgroup">
          <SpokenRows scene={scene} />
        </div>
      </div>
    </div>
  );
}
