import { count, counted, percent, pValue } from '../format.ts';
import { type CpuChange, compareCpu, compareLoad, coresOf, MIN_SAMPLES } from './compare.ts';
import { shortName } from './frames.ts';
import type { ProfileUse } from './summary.ts';
import { type Compared, cores, numbersOf, type Told, tableOf, usesOf } from './told.ts';

/** Functions that take more of the CPU; without such, the process. */
export function cpuGrew({ now, quiet }: Compared): Told | undefined {
  const cpu = now.cpu;
  if (!cpu) return undefined;
  const usual = usesOf(quiet, 'cpu');
  const changes = compareCpu(cpu, usual);
  const [most] = changes;
  if (!most) return loadGrew(cpu, usual);
  const share = `${percent(most.now)} of the CPU time, ${percent(most.before)} before`;
  const n = `n = ${count(most.nowN)} and ${count(most.beforeN)} samples, 95 % interval of the difference ${percent(most.interval!.low)} to ${percent(most.interval!.high)}`;
  return {
    rank: 2,
    numbers: numbersOf(most, most.now - most.before),
    statement: `${shortName(most.name)} takes ${share} (${n}): ${cores(most.coresNow)}, before ${cores(most.coresBefore)}. The whole process: ${cores(coresOf(cpu))}, before ${cores(Math.max(...usual.map((use) => coresOf(use))))} at most.`,
    table: tableOf(
      ['Function', 'Share', 'Before', 'Cores', 'Before'],
      changes.map(cpuCells),
      'CPU time of own code with all that it calls',
    ),
    says: `${shortName(most.name)}, which takes ${share}`,
    function: most.name,
  };
}

/** More CPU time in the same functions: there is more to do, or all of it takes longer. */
function loadGrew(cpu: ProfileUse, usual: readonly ProfileUse[]): Told | undefined {
  const load = compareLoad(cpu, usual);
  if (!load) return undefined;
  const used = `${cores(load.now)}, ${cores(load.before)} before at most`;
  const top = cpu.functions.toSorted((a, b) => b.self - a.self).slice(0, 5);
  return {
    rank: 6,
    numbers: numbersOf(load, load.now - load.before),
    statement: `The process uses ${used} (n = ${count(load.nowN)} and ${count(load.beforeN)} samples, ${pValue(load.p)}); no function takes a larger share than before.`,
    table: tableOf(
      ['Function', 'Self', 'With calls'],
      top.map(({ name, self, total }) => [
        ...[shortName(name), percent(self / cpu.sum), percent(total / cpu.sum)],
      ]),
      'Share of the CPU time, in the function itself and with what it calls',
    ),
    says: `its load: ${used}, in the same functions`,
    function: '',
  };
}

const cpuCells = (change: CpuChange) => [
  ...[shortName(change.name), percent(change.now), percent(change.before)],
  ...[change.coresNow.toFixed(2), change.coresBefore.toFixed(2)],
];

/** The CPU time of a process in which nothing stands out. */
export function cpuCalm({ now: { cpu }, quiet }: Compared): string {
  if (!cpu) return '';
  const usual = usesOf(quiet, 'cpu');
  const before =
    usual.length === 0
      ? 'not measured'
      : cores(Math.max(...usual.map((use) => coresOf(use)))).concat(' at most');
  const few = cpu.sum < MIN_SAMPLES ? ', too few samples to compare shares' : '';
  return `CPU ${cores(coresOf(cpu))}, before ${before} (n = ${counted(cpu.sum, 'sample')}${few})`;
}
