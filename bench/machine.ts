import { spawnSync } from 'node:child_process';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** One line about the machine: a number without it says little. */
export function machine(env: NodeJS.ProcessEnv): string {
  const cores = cpus();
  const go = spawnSync('go', ['env', 'GOVERSION'], { env, encoding: 'utf8' }).stdout?.trim() || 'no Go';
  const parts = [
    `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'})`,
    `${(totalmem() / 1e9).toFixed(0)} GB`,
    `${platform()} ${release()} ${arch()}`,
    go,
    `node ${process.versions.node}`,
    `load ${loadavg()[0]!.toFixed(2)}`,
  ];
  return `Machine: ${parts.join(', ')}`;
}
