import type { Bench } from './bench.ts';

export const dockerfileRealModules: Bench<'dockerfile-real-modules'> = {
  question: 'whether generated Dockerfiles build and run well-known Go programs, and what a rebuild costs',
  async run() {
    throw new Error('not there yet');
  },
};
