import { formatDuration } from '../format.ts';
import { ticks, type View } from './axis.ts';
import { ERROR_BEGAN, NO_ERROR, type TraceLogs, type TraceModel, textOf } from './model.ts';
import type { Palette } from './palette.ts';
import { logOfRow, type Rows } from './rows.ts';

/** Everything a frame of the waterfall shows. Sizes in CSS pixels. */
export interface Scene {
  model: TraceModel;
  logs: TraceLogs;
  rows: Rows;
  folded: Uint8Array;
  view: View;
  palette: Palette;
  /** Colour of each entry of the service dictionary. */
  serviceColour: Uint8Array;
  selected: number;
  /** 1 for spans that the search found. */
  found: Uint8Array;
  showPath: boolean;
  width: number;
  height: number;
  /** Width of the column of names. */
  names: number;
  scrollTop: number;
}

export const ROW_HEIGHT = 20;
const RIGHT_PADDING = 14;
const INDENT = 12;
/** In a column narrower than this, names get the room: small steps, no word beside them. */
const NARROW_NAMES = 200;
/** Deeper levels do not move further right: the name must stay readable. */
const MAX_INDENT = 12;
const BAR_TOP = 4;
const BAR_HEIGHT = 11;
const PATH_TOP = 16;
const LABEL_GAP = 5;
const MIN_BAR = 2;
/** An error that was passed on ends its bar in red over this width. */
const ERROR_END = 5;

/** The scale of a scene's timeline: milliseconds to CSS pixels. */
export function xOf(scene: Pick<Scene, 'view' | 'width' | 'names'>, ms: number): number {
  const wide = scene.width - scene.names - RIGHT_PADDING;
  return scene.names + ((ms - scene.view.fromMs) / (scene.view.toMs - scene.view.fromMs)) * wide;
}

/** The time under a horizontal position, the inverse of `xOf`. */
export function msOf(scene: Pick<Scene, 'view' | 'width' | 'names'>, x: number): number {
  const wide = scene.width - scene.names - RIGHT_PADDING;
  return scene.view.fromMs + ((x - scene.names) / wide) * (scene.view.toMs - scene.view.fromMs);
}

/** Where the name of a span at `depth` begins, and where its fold sign does. */
export function indentOf(depth: number, names: number): number {
  const step = names < NARROW_NAMES ? INDENT / 2 : INDENT;
  return 8 + Math.min(depth, MAX_INDENT) * step;
}

/** Shortens a text to a width with an ellipsis; answers the empty string where not even that fits. */
function fit(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let low = 0;
  let high = Math.min(text.length, 500);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ctx.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}

function paintName(ctx: CanvasRenderingContext2D, scene: Scene, span: number, top: number): void {
  const { model, palette } = scene;
  const { tree } = model;
  const middle = top + ROW_HEIGHT / 2;
  const left = indentOf(tree.depth[span]!, scene.names);
  ctx.font = `12px ${palette.font}`;
  if (tree.size[span]! > 1) {
    ctx.fillStyle = palette.text3;
    ctx.fillText(scene.folded[span] ? '+' : '−', left, middle);
  }
  ctx.fillStyle = palette.services[scene.serviceColour[model.service.index[span]!] ?? 0]!;
  ctx.fillRect(left + 12, middle - 4, 8, 8);
  let right = scene.names - 8;
  const failed = model.error[span] !== NO_ERROR;
  if (failed && scene.names >= NARROW_NAMES) {
    const word = model.httpStatus[span]! >= 400 ? String(model.httpStatus[span]) : 'error';
    ctx.fillStyle = palette.error;
    ctx.font = `11px ${palette.font}`;
    ctx.textAlign = 'right';
    ctx.fillText(word, right, middle);
    ctx.textAlign = 'left';
    right -= ctx.measureText(word).width + 6;
    ctx.font = `12px ${palette.font}`;
  }
  const hidden = scene.folded[span] ? ` (${tree.size[span]! - 1} folded)` : '';
  const name = fit(ctx, textOf(model.label, span) + hidden, right - left - 26);
  if (scene.found[span]) {
    const wide = ctx.measureText(name).width;
    ctx.fillStyle = palette.markBg;
    ctx.strokeStyle = palette.warnMark;
    ctx.fillRect(left + 24, top + 2, wide + 4, ROW_HEIGHT - 4);
    ctx.strokeRect(left + 24.5, top + 2.5, wide + 3, ROW_HEIGHT - 5);
  }
  ctx.fillStyle = failed ? palette.error : palette.text;
  ctx.fillText(name, left + 26, middle);
}

function paintPath(ctx: CanvasRenderingContext2D, scene: Scene, span: number, top: number): void {
  const { path, segment, segmentFrom } = scene.model;
  ctx.fillStyle = scene.palette.text;
  for (let s = segmentFrom[span]!; s < segmentFrom[span + 1]!; s++) {
    const from = Math.max(scene.names, xOf(scene, path.from[segment[s]!]!));
    const to = Math.min(scene.width, xOf(scene, path.to[segment[s]!]!));
    if (to > from) ctx.fillRect(from, top + PATH_TOP, Math.max(1, to - from), 2);
  }
}

function paintBar(ctx: CanvasRenderingContext2D, scene: Scene, span: number, top: number): void {
  const { model, palette } = scene;
  const begin = xOf(scene, model.start[span]!);
  const end = Math.max(begin + MIN_BAR, xOf(scene, model.start[span]! + model.duration[span]!));
  const from = Math.max(scene.names, begin);
  const to = Math.min(scene.width, end);
  if (scene.showPath) paintPath(ctx, scene, span, top);
  if (to <= from) return;
  const colour = palette.services[scene.serviceColour[model.service.index[span]!] ?? 0]!;
  ctx.fillStyle = model.error[span] === ERROR_BEGAN ? palette.errorMark : colour;
  ctx.fillRect(from, top + BAR_TOP, to - from, BAR_HEIGHT);
  if (model.error[span] !== NO_ERROR && model.error[span] !== ERROR_BEGAN) {
    ctx.fillStyle = palette.errorMark;
    const red = Math.min(ERROR_END, to - from);
    ctx.fillRect(to - red, top + BAR_TOP, red, BAR_HEIGHT);
  }
  const label = formatDuration(model.duration[span]!);
  ctx.font = `11px ${palette.font}`;
  const wide = ctx.measureText(label).width;
  const middle = top + ROW_HEIGHT / 2;
  ctx.fillStyle = palette.text2;
  if (to + LABEL_GAP + wide <= scene.width - 2) {
    ctx.fillText(label, to + LABEL_GAP, middle);
  } else if (to - from > wide + 2 * LABEL_GAP) {
    ctx.font = `600 11px ${palette.font}`;
    ctx.fillStyle = palette.bg;
    ctx.fillText(label, from + LABEL_GAP, middle);
  } else {
    ctx.textAlign = 'right';
    ctx.fillText(label, from - LABEL_GAP, middle);
    ctx.textAlign = 'left';
  }
}

function paintLog(ctx: CanvasRenderingContext2D, scene: Scene, k: number, top: number): void {
  const { palette, logs } = scene;
  const line = logs.lines[k]!;
  const middle = top + ROW_HEIGHT / 2;
  const small = `11px ${palette.mono}`;
  ctx.font = small;
  ctx.fillStyle = palette.text3;
  ctx.textAlign = 'right';
  ctx.fillText(fit(ctx, line.caller || 'log line', scene.names - 24), scene.names - 8, middle);
  ctx.textAlign = 'left';
  const x = xOf(scene, logs.atMs[k]!);
  if (x < scene.names || x > scene.width) return;
  const loud = line.severityNumber >= 13;
  const failed = line.severityNumber >= 17;
  ctx.beginPath();
  ctx.arc(x, middle, 3.5, 0, Math.PI * 2);
  ctx.fillStyle = failed ? palette.errorMark : loud ? palette.warnMark : palette.bg;
  ctx.fill();
  ctx.strokeStyle = failed ? palette.errorMark : loud ? palette.warnMark : palette.text2;
  ctx.stroke();
  const level = `${line.level.toUpperCase()} `;
  const leftward = x > (scene.names + scene.width) / 2;
  const room = (leftward ? x - scene.names : scene.width - x) - 24;
  const levelWide = ctx.measureText(level).width;
  const body = fit(ctx, line.body, room - levelWide);
  const at = leftward ? x - 8 - levelWide - ctx.measureText(body).width : x + 8;
  ctx.fillStyle = palette.text;
  ctx.fillText(body, at + levelWide, middle);
  ctx.font = `600 ${small}`;
  ctx.fillStyle = failed ? palette.error : loud ? palette.warn : palette.text3;
  ctx.fillText(level, at, middle);
}

function paintGrid(ctx: CanvasRenderingContext2D, scene: Scene): void {
  ctx.fillStyle = scene.palette.grid;
  for (const ms of ticks(scene.view, 5)) ctx.fillRect(Math.round(xOf(scene, ms)), 0, 1, scene.height);
}

/** Draws the rows that are in sight. `ctx` is scaled to CSS pixels. */
export function paint(ctx: CanvasRenderingContext2D, scene: Scene): void {
  const { palette, rows } = scene;
  ctx.clearRect(0, 0, scene.width, scene.height);
  ctx.textBaseline = 'middle';
  ctx.lineWidth = 1;
  paintGrid(ctx, scene);
  const first = Math.floor(scene.scrollTop / ROW_HEIGHT);
  const last = Math.min(rows.length - 1, Math.floor((scene.scrollTop + scene.height) / ROW_HEIGHT));
  for (let r = first; r <= last; r++) {
    const top = r * ROW_HEIGHT - scene.scrollTop;
    const row = rows[r]!;
    if (row >= 0 && row === scene.selected) {
      ctx.fillStyle = palette.selected;
      ctx.fillRect(0, top, scene.width, ROW_HEIGHT);
    }
    if (row < 0) {
      paintLog(ctx, scene, logOfRow(row), top);
    } else {
      paintBar(ctx, scene, row, top);
      paintName(ctx, scene, row, top);
    }
  }
  ctx.fillStyle = palette.line;
  ctx.fillRect(scene.names - 1, 0, 1, scene.height);
}

/** Draws all spans at once, one thin line each, thinned out when there are more than lines. */
export function paintOverview(ctx: CanvasRenderingContext2D, scene: Scene, whole: View): void {
  const { model, palette, width, height } = scene;
  const { order, count } = model.tree;
  const scale = width / (whole.toMs - whole.fromMs);
  ctx.clearRect(0, 0, width, height);
  const pitch = Math.min(3, height / Math.max(1, count));
  const thick = Math.max(1, Math.min(2, pitch));
  // Spans that would fall on the same line are drawn once: the first of them.
  let drawn = -1;
  for (let i = 0; i < count; i++) {
    const y = Math.floor(i * pitch);
    if (y === drawn) continue;
    drawn = y;
    const span = order[i]!;
    const colour = palette.services[scene.serviceColour[model.service.index[span]!] ?? 0]!;
    ctx.fillStyle = model.error[span] === ERROR_BEGAN ? palette.errorMark : colour;
    const x = (model.start[span]! - whole.fromMs) * scale;
    ctx.fillRect(x, y, Math.max(1, model.duration[span]! * scale), thick);
  }
}
