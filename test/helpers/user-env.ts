import { delimiter } from 'node:path';

/** The variables without those that npm and node hand to the scripts they start: what a person's shell has. */
export function userVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:npm_|INIT_CWD$|NODE_)/.test(name)));
}

/** A person's shell: `userVariables`, and no command of the clone on PATH, but what is in the `first` folders. */
export function userShell(env: NodeJS.ProcessEnv, ...first: readonly string[]): NodeJS.ProcessEnv {
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return { ...userVariables(env), PATH: [...first, ...path].join(delimiter) };
}
