import type { PanelSpec, RowSpec } from './model.ts';

const gridWidth = 24;

/** A panel with its id and its place on the grid. */
export interface PlacedPanel {
  readonly id: number;
  readonly spec: PanelSpec;
  readonly x: number;
  readonly y: number;
}

/**
 * The panels of a row from left to right, the first at `top`; `bottom` is the first free line below them. Tools would lay them out
 * too, and then move them on import: the text would differ from what is shown.
 */
export function place(
  row: RowSpec,
  top: number,
): { readonly panels: readonly PlacedPanel[]; readonly bottom: number } {
  let [x, y, height] = [0, top, 0];
  const panels = row.panels.map((spec, index) => {
    if (x + spec.width > gridWidth) [x, y, height] = [0, y + height, 0];
    const placed = { id: row.id + 1 + index, spec, x, y };
    x += spec.width;
    height = Math.max(height, spec.height);
    return placed;
  });
  return { panels, bottom: y + height };
}
