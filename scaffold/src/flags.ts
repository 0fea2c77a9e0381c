import { nearest } from '../../slo/nearest.ts';
import { usage } from './errors.ts';

/**
 * Runs `parse` (a call of node:util parseArgs) and turns its complaint about the command line into a usage error,
 * with the nearest known flag for an unknown one.
 * @throws CliError (exit code 2)
 */
export function readFlags<T>(parse: () => T, known: readonly string[]): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error)) throw error;
    const bare = /^Option '(?:-\w, )?(--[a-z-]+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(
      error.message,
    );
    if (bare !== null) {
      const dash = error.message.includes('ambiguous')
        ? ` What stands behind it begins with a dash; a value that does is written ${bare[1]}=VALUE.`
        : '';
      throw usage(`${bare[1]} needs a value.${dash}`);
    }
    const unknown = /^Unknown option '(-+)([^']+)'/.exec(error.message);
    if (unknown === null) throw usage(`${error.message.split('\n')[0]}`);
    const near = nearest(unknown[2]!, known);
    throw usage(
      `There is no flag ${unknown[1]}${unknown[2]}.${near === undefined ? '' : ` Did you mean --${near}?`}`,
    );
  }
}

/** The names in a flag that may be repeated and takes several, separated by commas. */
export function listed(lists: readonly string[]): string[] {
  return lists.flatMap((list) => list.split(',')).map((name) => name.trim());
}

/**
 * As `listed`, where `none` alone stands for the empty list.
 * @throws CliError (exit code 2) when a name stands beside `none`
 */
export function listedOrNone(lists: readonly string[], flag: string): string[] {
  const names = listed(lists);
  if (!names.includes('none')) return names;
  const other = names.find((name) => name !== 'none');
  if (other === undefined) return [];
  throw usage(`--${flag} none stands alone, ${JSON.stringify(other)} was given beside it.`);
}
