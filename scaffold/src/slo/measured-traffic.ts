import { type CountedGroup, countEvents, type Service } from '../../../slo/index.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { failed } from '../errors.ts';
import { readExports, stepsOf } from './backtest-data.ts';

/**
 * Events a minute of each objective that an export tells of, by its id: the mean of the time that was measured, and of several
 * budgets by labels the quietest. A stretch without any sample counts as no time.
 * @param file answers of /api/v1/query_range, as slo backtest takes them
 * @throws CliError (exit code 1) when the file is missing or holds something else
 */
export async function measuredTraffic(
  service: Service,
  file: string,
  disk: Pick<Disk, 'readFile'>,
): Promise<ReadonlyMap<string, number>> {
  const text = (await readIfThere(file, disk))?.toString();
  if (text === undefined) throw failed(`There is no ${file}, which --from-export named.`);
  const series = readExports([{ file, text }]);
  const steps = stepsOf(series);
  return new Map(
    service.slos.flatMap((slo) => {
      const counted = countEvents(service, slo, series, steps);
      const rates = 'why' in counted ? [] : counted.groups.flatMap(perMinute);
      return rates.length === 0 ? [] : [[slo.id, Math.min(...rates)] as const];
    }),
  );
}

/** Nothing where no step was measured. */
function perMinute({ counts }: CountedGroup): readonly number[] {
  let [events, steps] = [0, 0];
  for (const [step, seen] of counts.observed.entries()) {
    if (seen === 0) continue;
    events += counts.total[step]!;
    steps += 1;
  }
  return steps === 0 ? [] : [(events * 60) / (steps * counts.stepSeconds)];
}
