/** The variables without those that npm and node hand to the scripts they start: what a person's shell has. */
export function userVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:npm_|INIT_CWD$|NODE_)/.test(name)));
}
