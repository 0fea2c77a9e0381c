// Our collector and the OpenTelemetry Collector side by side, and the sender that feeds them.
import { join } from 'node:path';
import type { BenchDeps } from '../bench.ts';
import { buildLoad } from './load.ts';
import { buildOtelcol, type Otelcol, startOtelcol } from './otelcol.ts';
import { buildOurs, type Ours, type OursOptions, startOurs, storedIn } from './ours.ts';

/** Paths of what is started. */
export interface Binaries {
  /** Folder of the built package. */
  ours: string;
  peer: string;
  sender: string;
}

export interface Both {
  ours: Ours;
  peer: Otelcol;
}

/** Builds all that a comparison needs. */
export async function buildAll(deps: BenchDeps): Promise<Binaries> {
  const peer = buildOtelcol(deps);
  return { ours: await buildOurs(deps), peer, sender: await buildLoad(deps) };
}

/** Starts both afresh, with their files below `name`, and stops them when `work` is done. */
export async function withBoth<T>(
  binaries: Binaries,
  name: string,
  options: { ours?: OursOptions; peer?: { logFiles?: string } },
  deps: BenchDeps,
  work: (both: Both) => Promise<T>,
): Promise<T> {
  const folder = join(deps.folder, name);
  const ours = await startOurs(
    binaries.ours,
    join(folder, 'ours'),
    { ...options.ours, ...profile(deps) },
    deps,
  );
  try {
    const peer = await startOtelcol(binaries.peer, join(folder, 'peer'), options.peer ?? {}, deps);
    try {
      return await work({ ours, peer });
    } finally {
      await peer.stop();
    }
  } finally {
    await ours.stop();
  }
}

/** Node writes a CPU profile of each thread when it ends. It costs something itself: not for figures. */
function profile({ settings }: BenchDeps): OursOptions {
  if (settings.profile === undefined) return {};
  return { nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${settings.profile}`] };
}

/** @throws Error when the file of a collector that was stopped does not hold exactly what was acknowledged */
export function mustHold(store: string, signal: 'traces' | 'logs', acknowledged: number): void {
  const { records } = storedIn(store, signal);
  if (records !== acknowledged)
    throw new Error(`${store} holds ${records} records of ${signal}, ${acknowledged} were acknowledged`);
}
