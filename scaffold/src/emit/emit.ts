import type { Answers } from '../answers.ts';
import type { TemplateOption } from '../options.ts';
import { tidyGoMod, tidyGoSum } from './go-modules.ts';
import { withoutRegions } from './regions.ts';
import type { Template } from './template.ts';

/** What the template calls itself; `replaced` turns these into the answers. */
const templateModule = 'example.com/shop';
const templateName = 'shop';
const templatePort = 8080;
const templateTags = 'grpcnotrace';
/** Version of the generator in the commands that CI runs. */
const templateVersion = '0.0.0-template';

/** The module path, the name and the two ports, each as a whole word; the module path wins over the name in it. */
const replaceable = new RegExp(
  `(?<![\\w./-])${templateModule}(?![\\w-])|\\b${templateName}\\b|\\b${templatePort}\\b|\\b${templatePort + 1}\\b|\\b${templateTags}\\b|\\b${templateVersion.replaceAll('.', '\\.')}\\b`,
  'g',
);

/** The answers as the template sees them: which options are on, and what every word of the template becomes. */
export type Emission = {
  on: ReadonlySet<string>;
  words: Readonly<Record<string, string>>;
  template: Template;
};

/** The names of the options that the answers turn on, whatever the flag. */
export function optionsOn({ router, with: options, ci }: Answers): ReadonlySet<string> {
  return new Set([...options, router, ...ci]);
}

/** Everything that is the same for all files of one service. */
export function emission(answers: Answers, template: Template, version: string): Emission {
  const { name, module, port } = answers;
  const on = optionsOn(answers);
  const words = {
    [templateModule]: module,
    [templateName]: name,
    [templatePort]: String(port),
    [templatePort + 1]: String(port + 1),
    [templateTags]: buildTags(on, template.options),
    [templateVersion]: version,
  };
  return { on, words, template };
}

/** The build tags of a service with these options, as `-tags` takes them. */
export function buildTags(on: ReadonlySet<string>, options: readonly TemplateOption[]): string {
  const own = options.filter(({ name }) => on.has(name)).flatMap((option) => option.buildTags);
  return [templateTags, ...new Set(own)].join(',');
}

/** The path that a file of the template has in the service, or undefined when it belongs to options that are off. */
export function emittedPath(path: string, { on, words, template }: Emission): string | undefined {
  const owns = ({ files }: TemplateOption) =>
    files.some((own) => (own.endsWith('/') ? path.startsWith(own) : path === own));
  if (leaves(template.options, owns, on)) return undefined;
  const renaming = template.options.find((option) => on.has(option.name) && option.renames.has(path));
  return replaced(renaming?.renames.get(path) ?? path, words);
}

/** The content that a file of the template has in the service. */
export function emittedBytes(path: string, bytes: Uint8Array, emission: Emission): Uint8Array {
  if (bytes.includes(0)) return bytes;
  const { on, words, template } = emission;
  let text = new TextDecoder().decode(bytes);
  if (path === 'go.sum') return encode(tidyGoSum(text, template.modules.goSum, on));
  if (path === 'go.mod') text = tidyGoMod(text, template.modules.goMod, on);
  if (path === 'slo.json') text = withoutSlos(text, emission);
  text = withoutRegions(text, path, on);
  if (!path.endsWith('.go')) return encode(replaced(text, words));
  return encode(text.replace(goProse, (prose) => replaced(prose, words)));
}

/** What some options own, and none of them is on. */
function leaves(
  options: readonly TemplateOption[],
  owns: (option: TemplateOption) => boolean,
  on: ReadonlySet<string>,
): boolean {
  const owners = options.filter(owns);
  return owners.length > 0 && !owners.some(({ name }) => on.has(name));
}

/** Comments, strings and runes of Go: the name is replaced in these, an identifier that reads like it stays. */
const goProse = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])+'/g;

/** slo.json as the service prints it has one objective a line; the text stays byte for byte what Go writes. */
function withoutSlos(text: string, { on, template }: Emission): string {
  const kept = text.split('\n').filter((line) => {
    const id = /^\s*\{"id":"([^"]+)"/.exec(line)?.[1];
    return id === undefined || !leaves(template.options, ({ slos }) => slos.includes(id), on);
  });
  return kept.join('\n').replace(/\},(\s*\])/, '}$1');
}

function replaced(text: string, words: Emission['words']): string {
  return text.replace(replaceable, (word) => words[word] ?? word);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
