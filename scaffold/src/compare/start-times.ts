import type { Image } from '../../../images/index.ts';
import type { Origin } from '../image/read-target.ts';
import { type Probe, probeOf, probeText } from './health.ts';
import { type Spread, spreadOf } from './spread.ts';
import { type StartDeps, startOnce } from './start-once.ts';

/** Start times in milliseconds and what they are of, or why there are none. */
export type StartTimes = { spread: Spread; probe: string } | { notMeasured: string };

export type Contender = { target: string; origin: Origin; image: Image };

export type TimesOptions = {
  runs: number;
  probe: Probe | undefined;
  env: readonly string[];
  timeoutMs: number;
};

/** Measures both images in turn, so that what else the machine does touches both; the first of each only warms up. */
export async function startTimes(
  contenders: readonly [Contender, Contender],
  options: TimesOptions,
  deps: StartDeps,
): Promise<[StartTimes, StartTimes]> {
  const rounds = contenders.map((contender) => roundOf(contender, options, deps));
  for (let i = 0; i <= options.runs; i++) for (const round of rounds) await round.next(i > 0);
  return rounds.map(({ result }) => result()) as [StartTimes, StartTimes];
}

function roundOf(contender: Contender, options: TimesOptions, deps: StartDeps) {
  const { target, origin, image } = contender;
  const probe = options.probe ?? probeOf(image.config);
  const times: number[] = [];
  let problem = cannot(origin, probe);
  return {
    next: async (counts: boolean): Promise<void> => {
      if (problem !== undefined) return;
      const started = await startOnce({ ...options, image: target, probe: probe! }, deps);
      if ('problem' in started) problem = started.problem;
      else if (counts) times.push(started.ms);
    },
    result: (): StartTimes =>
      problem === undefined
        ? { spread: spreadOf(times), probe: probeText(probe!) }
        : { notMeasured: problem },
  };
}

function cannot(origin: Origin, probe: Probe | undefined): string | undefined {
  if (origin !== 'engine')
    return 'it is a file, and only an image of the engine can be started; docker load it';
  if (probe === undefined)
    return 'the image has neither HEALTHCHECK nor EXPOSE; say with --health what answers';
  return undefined;
}
