/** The flag that turns an option on: `with` takes any of its options, `router` exactly one, `ci` any or none. */
export type OptionFlag = 'with' | 'router' | 'ci';

/** One option of the template: what leaves the service when it is off; the region markers do the rest. */
export type TemplateOption = {
  name: string;
  flag: OptionFlag;
  /** One line for the prompt and --help. */
  title: string;
  /** Paths of whole files, or of folders with a slash at the end; another option may own the same path. */
  files: readonly string[];
  /** Path in the template -> path in the service, for files that another option has under the same name. */
  renames: ReadonlyMap<string, string>;
  /** Go build tags that stand in every build command, after `grpcnotrace`. */
  buildTags: readonly string[];
  /** Ids of the SLOs in slo.json that belong to the option's routes. */
  slos: readonly string[];
};

/** The file in the template that lists its options. */
export const optionsFile = 'options.json';

const flags: readonly OptionFlag[] = ['with', 'router', 'ci'];

const keys = ['flag', 'title', 'files', 'renames', 'buildTags', 'slos'] as const;

/**
 * options.json: `{NAME: {flag, title, files?, renames?, buildTags?, slos?}}`; what is absent is empty.
 * @throws TypeError that lists every problem with its path
 */
export function parseOptions(value: unknown): TemplateOption[] {
  const problems: string[] = [];
  const options = Object.entries(record(value, optionsFile, problems)).map(([name, option]) =>
    parseOption(name, option, problems),
  );
  for (const flag of flags) {
    if (!options.some((option) => option.flag === flag)) problems.push(`no option has the flag "${flag}"`);
  }
  if (problems.length > 0) throw new TypeError(`${optionsFile}: ${problems.join('; ')}`);
  return options;
}

function parseOption(name: string, value: unknown, problems: string[]): TemplateOption {
  const option = record(value, name, problems);
  for (const key of Object.keys(option)) {
    if (!keys.some((known) => known === key)) {
      problems.push(`${name}.${key} is unknown; an option has ${keys.join(', ')}`);
    }
  }
  if (!/^[a-z][a-z0-9-]*$/.test(name)) problems.push(`"${name}" is no word of a region marker`);
  const flag = flags.find((known) => known === option.flag);
  if (flag === undefined) problems.push(`${name}.flag is not one of ${flags.join(', ')}`);
  if (typeof option.title !== 'string') problems.push(`${name}.title is not a text`);
  const list = (key: string) => strings(option[key], `${name}.${key}`, problems);
  const renames = Object.entries(record(option.renames ?? {}, `${name}.renames`, problems));
  const files = list('files');
  for (const [from] of renames) {
    if (!files.includes(from)) problems.push(`${name}.renames: "${from}" is none of ${name}.files`);
  }
  return {
    name,
    flag: flag ?? 'with',
    title: String(option.title),
    files,
    renames: new Map(renames.map(([from, to]) => [from, String(to)])),
    buildTags: list('buildTags'),
    slos: list('slos'),
  };
}

function record(value: unknown, path: string, problems: string[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  problems.push(`${path} is not an object`);
  return {};
}

function strings(value: unknown, path: string, problems: string[]): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  problems.push(`${path} is not a list of texts`);
  return [];
}

/** The names of the options that a flag takes. */
export function optionNames(options: readonly TemplateOption[], flag: OptionFlag): string[] {
  return options.filter((option) => option.flag === flag).map(({ name }) => name);
}
