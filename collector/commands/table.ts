import { nearest } from '../../slo/index.ts';
import type { ExplainDeps } from './explain.ts';

/** A command beside serving. */
interface Command {
  name: string;
  /** What follows the name. */
  words: string;
  /** In one line of the help. */
  about: string;
  /** Loads it: what only this command needs costs a serving collector nothing. */
  load(): Promise<(argv: readonly string[], deps: ExplainDeps) => Promise<number>>;
}

/** Every command; each answers `--help` and resolves to its exit code. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'explain',
    words: '--since DURATION | --at TIME …',
    about: 'what happened in a time, and in which service it began',
    load: async () => (await import('./explain.ts')).runExplain,
  },
  {
    name: 'incident',
    words: 'list | show ID',
    about: 'incidents as text, Markdown, JSON or one HTML file',
    load: async () => (await import('./incident.ts')).runIncident,
  },
  {
    name: 'compare',
    words: '--a KEY=VALUE --b KEY=VALUE',
    about: 'whether b, such as a new version, is worse than a',
    load: async () => (await import('./compare.ts')).runCompare,
  },
  {
    name: 'sampling',
    words: 'report',
    about: 'what is stored of what happened, and which share would do',
    load: async () => (await import('./sampling.ts')).runSampling,
  },
  {
    name: 'store',
    words: 'check | compact | export | import FILE',
    about: 'work on a store that no collector has open',
    load: async () => (await import('./store.ts')).runStore,
  },
];

/** The lines of the help, one a command. */
export function commandLines(): string {
  const width = Math.max(...COMMANDS.map(({ name, words }) => `${name} ${words}`.length));
  return COMMANDS.map(({ name, words, about }) => `  ${`${name} ${words}`.padEnd(width)}  ${about}`).join(
    '\n',
  );
}

/** The command of a name; `problem` says which one may be meant where there is none. */
export function commandNamed(name: string): { command: Command } | { problem: string } {
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return { command };
  const names = COMMANDS.map((one) => one.name);
  const near = nearest(name, names);
  const meant = near === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${near}?`;
  return { problem: `there is no command ${name}. ${meant}` };
}
