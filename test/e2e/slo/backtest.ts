// What `go-sre slo backtest` says of the Prometheus that has just seen the fault.
import { join } from 'node:path';
import { run } from '../../helpers/tool-recipes.ts';

const goSre = join(import.meta.dirname, '../../../scaffold/src/go-sre.ts');

interface Backtest {
  readonly objectives: readonly {
    readonly id: string;
    readonly badEvents: number;
    readonly alerts: readonly { readonly tier: string }[];
  }[];
}

/** Objectives by id, with the tiers that would have fired. @throws Error with the command's own words */
export function backtest(service: string, prometheus: string): ReadonlyMap<string, readonly string[]> {
  const args = [goSre, 'slo', 'backtest', '--dir', service, '--prometheus', prometheus, '--json'];
  const { objectives } = JSON.parse(run(process.execPath, args)) as Backtest;
  return new Map(objectives.map(({ id, alerts }) => [id, alerts.map(({ tier }) => tier)]));
}
