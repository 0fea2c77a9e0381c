import { cell, type Table } from '../report.ts';
import { cpuRatio, medianOf, type Turns } from './round.ts';

/** Medians of the rounds of each case, ours beside the peer's. */
export function costTable(cases: string, record: string, measured: ReadonlyMap<string, Turns>): Table {
  const rows = [...measured].map(([name, turns]) => {
    const both = (['cpuUs', 'recordsASecond', 'p99Ms'] as const).flatMap((figure) => [
      shown(medianOf(turns.ours, figure)),
      shown(medianOf(turns.peer, figure)),
    ]);
    return [name, ...both, cell(cpuRatio(turns))];
  });
  const figures = [`CPU us a ${record}`, 'OTel', `${record}s/s`, 'OTel', 'p99 ms', 'OTel', 'CPU ratio'];
  return { head: [cases, ...figures], rows };
}

const shown = (value: number) => (Number.isNaN(value) ? '' : cell(value));
