import type { Bench } from './bench.ts';

export const gateDetection: Bench<'gate-detection'> = {
  question: 'whether the gate finds each defect, and nothing where there is none',
  async run() {
    throw new Error('not there yet');
  },
};
