import { nearest } from '../../slo/index.ts';

/** The cases of a bench that are measured: all of them, or the one that `--case` names. @throws Error for an unknown one */
export function chosenCases<Name extends string>(names: readonly Name[], chosen: string | undefined): Name[] {
  if (chosen === undefined) return [...names];
  const known = names.filter((name) => name === chosen);
  if (known.length > 0) return known;
  const near = nearest(chosen, [...names]);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  throw new Error(`--case ${chosen}: there is no such case.${meant} There are: ${names.join(', ')}.`);
}
