/** One line of releases of a product, as endoflife.date has it. */
export type ReleaseCycle = {
  /** `1.26`, `3.23`, `13`. */
  cycle: string;
  /** Debian's and Ubuntu's name of it: `trixie`, `noble`. */
  codename: string | undefined;
  /** `YYYY-MM-DD`. */
  released: string;
  /** The last day of regular support; undefined: none is set yet. */
  eol: string | undefined;
  /** The newest release when the data was made: `1.26.8`. */
  latest: string;
};

/** Products by endoflife.date's name of them: alpine, debian, ubuntu, go, nodejs, python. */
export type BaseImages = {
  /** The day the data was made, `YYYY-MM-DD`. */
  made: string;
  source: string;
  products: Readonly<Record<string, readonly ReleaseCycle[]>>;
};
