import type { Bench } from './bench.ts';

export const gateHadolint: Bench<'gate-hadolint'> = {
  question: 'how far the gate agrees with hadolint, and what both cost',
  async run() {
    throw new Error('not there yet');
  },
};
