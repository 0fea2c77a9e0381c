import type { Readable, Writable } from 'node:stream';
import { confirm, intro, isCancel, multiselect, select, text } from '@clack/prompts';
import {
  defaultCi,
  defaultModule,
  defaultPort,
  defaultRouter,
  moduleProblem,
  nameProblem,
  portProblem,
} from '../answers.ts';
import { cancelled } from '../errors.ts';
import { type OptionFlag, optionNames, type TemplateOption } from '../options.ts';

/** What the flags said; undefined where they said nothing. */
export type Given = {
  name?: string;
  module?: string;
  dir?: string;
  port?: string;
  router?: string;
  with?: readonly string[];
  ci?: readonly string[];
  git?: boolean;
};

/** The streams of the terminal. */
export type Terminal = { input: Readable; output: Writable };

/**
 * Asks for everything the flags left open, in one order, each with its default.
 * @throws CliError (exit code 130) when a prompt is cancelled.
 */
export async function ask(
  given: Given,
  options: readonly TemplateOption[],
  terminal: Terminal,
): Promise<Required<Given>> {
  const line = async (
    message: string,
    defaultValue: string,
    problem: (value: string) => string | undefined,
  ) => {
    const validate = (value = '') => (value.trim() === '' ? undefined : problem(value.trim()));
    const typed = answered(
      await text({ message, placeholder: defaultValue, defaultValue, validate, ...terminal }),
    );
    return typed.trim() === '' ? defaultValue : typed.trim();
  };
  intro('create-go-sre-service', terminal);
  // The options are asked for later: until then the names and ports of all of them count as taken.
  const possible = given.with ?? optionNames(options, 'with');
  const name =
    given.name ?? (await line('Name of the service', 'orders', (typed) => nameProblem(typed, possible)));
  const module = given.module ?? (await line('Go module path', defaultModule(name), moduleProblem));
  const dir = given.dir ?? (await line('Folder', name, () => undefined));
  const port =
    given.port ??
    (await line('Public port (admin is the next one)', String(defaultPort), (typed) =>
      portProblem(typed, possible),
    ));
  const router = given.router ?? (await askRouter(options, terminal));
  const chosen = given.with ?? (await askSome('With (space selects)', 'with', [], options, terminal));
  const ci =
    given.ci ??
    (await askSome('CI (space selects, none is possible)', 'ci', defaultCi(module), options, terminal));
  const git =
    given.git ??
    answered(await confirm({ message: 'Make a git repository with a first commit?', ...terminal }));
  return { name, module, dir, port, router, with: chosen, ci, git };
}

async function askRouter(options: readonly TemplateOption[], terminal: Terminal): Promise<string> {
  const choices = choicesOf('router', options);
  return answered(
    await select({ message: 'Router', options: choices, initialValue: defaultRouter, ...terminal }),
  );
}

async function askSome(
  message: string,
  flag: OptionFlag,
  initialValues: string[],
  options: readonly TemplateOption[],
  terminal: Terminal,
): Promise<string[]> {
  const choices = choicesOf(flag, options);
  return answered(
    await multiselect({ message, options: choices, initialValues, required: false, ...terminal }),
  );
}

function choicesOf(flag: OptionFlag, options: readonly TemplateOption[]) {
  const taken = options.filter((option) => option.flag === flag);
  return taken.map(({ name, title }) => ({ value: name, label: name, hint: title }));
}

function answered<T>(value: T): Exclude<T, symbol> {
  if (isCancel(value)) throw cancelled();
  return value as Exclude<T, symbol>;
}
