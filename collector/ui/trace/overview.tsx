import { useEffect, useRef, useState } from 'preact/hooks';
import { formatDuration, formatTick } from '../format.ts';
import { between, type View } from './axis.ts';
import { paintOverview, type Scene } from './paint.ts';

/** Shorter drags are clicks: they show the whole trace again. */
const DRAG_PX = 4;

interface OverviewProps {
  scene: Scene;
  whole: View;
  onView: (view: View) => void;
}

/** All spans at a glance, with the part that is shown; dragging chooses another part, a click shows all. */
export function Overview({ scene, whole, onView }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const { view, palette, model, serviceColour, width: wide } = scene;
  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext('2d');
    if (!element || !ctx) return;
    const { clientWidth: width, clientHeight: height } = element;
    element.width = width * devicePixelRatio;
    element.height = height * devicePixelRatio;
    ctx.scale(devicePixelRatio, devicePixelRatio);
    paintOverview(ctx, { ...scene, width, height }, whole);
  }, [palette, model, serviceColour, wide, whole]);

  const share = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    return box ? Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) : 0;
  };
  const ms = (part: number) => whole.fromMs + part * (whole.toMs - whole.fromMs);
  const percent = (at: number) => `${((at - whole.fromMs) / (whole.toMs - whole.fromMs)) * 100}%`;
  const done = () => {
    if (!drag) return;
    const pixels = Math.abs(drag.to - drag.from) * (canvas.current?.clientWidth ?? 0);
    onView(pixels < DRAG_PX ? whole : between(ms(drag.from), ms(drag.to), whole));
    setDrag(undefined);
  };
  const shown = drag ? between(ms(drag.from), ms(drag.to), whole) : view;
  const all = view.fromMs === whole.fromMs && view.toMs === whole.toMs;
  return (
    <div class="mini">
      <div class="ml xs t3">
        Overview
        <br />
        {formatTick(view.fromMs)} – {formatDuration(view.toMs)}
        {all ? ', all shown' : ''}
      </div>
      <div
        class="mp"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: share(event), to: share(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ from: drag.from, to: share(event) })}
        onPointerUp={done}
        onPointerCancel={() => setDrag(undefined)}
      >
        <canvas ref={canvas} />
        <span
          class="hw"
          style={{ left: percent(shown.fromMs), right: `calc(100% - ${percent(shown.toMs)})` }}
        />
      </div>
    </div>
  );
}
