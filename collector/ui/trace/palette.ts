/** Colours of services: s1 to s12 by first appearance, then kept; later ones share the grey of the baseline. */
const COLOURS = 12;

/** Gives every service its place once; the same for all traces of a visit. */
export function createServiceColours(): (service: string) => number {
  const places = new Map<string, number>();
  return (service) => {
    const known = places.get(service) ?? places.size;
    places.set(service, known);
    return known < COLOURS ? known + 1 : 0;
  };
}

/** The name of the token that holds a service's colour. */
export function colourToken(place: number): string {
  return place === 0 ? '--base' : `--s${place}`;
}

/** Tokens as a canvas needs them: computed colours of the theme in force. */
export interface Palette {
  services: string[];
  text: string;
  text2: string;
  text3: string;
  bg: string;
  line: string;
  grid: string;
  selected: string;
  error: string;
  errorMark: string;
  warnMark: string;
  warn: string;
  markBg: string;
  font: string;
  mono: string;
}

/** Reads the palette of the theme in force. `get` answers the value of a token, like `--bg`. */
export function readPalette(get: (token: string) => string): Palette {
  return {
    services: Array.from({ length: COLOURS + 1 }, (_, i) => get(colourToken(i))),
    text: get('--tx'),
    text2: get('--tx-2'),
    text3: get('--tx-3'),
    bg: get('--bg'),
    line: get('--line'),
    grid: get('--grid'),
    selected: get('--sel'),
    error: get('--err'),
    errorMark: get('--err-mark'),
    warnMark: get('--warn-mark'),
    warn: get('--warn'),
    markBg: get('--warn-bg'),
    font: get('--font'),
    mono: get('--mono'),
  };
}
