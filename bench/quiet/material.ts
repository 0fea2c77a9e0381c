// What a day is played from: telemetry of emitted services, recorded anew or by an earlier run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { buildCache } from '../../demo/binaries.ts';
import type { Random } from '../../slo/index.ts';
import type { BenchDeps } from '../bench.ts';
import { buildService, emitService } from '../service.ts';
import { record } from './record.ts';
import type { Recorded } from './recording.ts';

export interface Material {
  recorded: Recorded;
  /** Text of the service's objectives. */
  slo: string;
}

/** Records, unless the folder of `--data` holds what an earlier run recorded; keeps it there. */
export async function materialOf(random: Random, deps: BenchDeps): Promise<Material> {
  const { data } = deps.settings;
  const file = data === undefined ? undefined : join(data, 'recording.v8');
  if (file !== undefined && existsSync(file)) return deserialize(readFileSync(file)) as Material;
  const { slo, ...binaries } = await built(deps);
  const made = { recorded: await record(binaries, random, deps), slo: readFileSync(slo, 'utf8') };
  if (data !== undefined && file !== undefined) {
    mkdirSync(data, { recursive: true });
    writeFileSync(file, serialize(made));
  }
  return made;
}

/** Emits the service, with the line at the debug level that an owner adds, and builds it and its cache. */
async function built(deps: BenchDeps): Promise<{ service: string; cache: string; slo: string }> {
  deps.tell('emitting and building the service');
  const folder = join(deps.folder, 'shop');
  const emitted = await emitService(folder, { with: ['redis'] });
  const orders = join(folder, 'internal/server/orders.go');
  const reply = '\t\treply(w, http.StatusOK, order)\n';
  const text = readFileSync(orders, 'utf8');
  if (!text.includes(reply)) throw new Error(`${orders} does not answer an order as it did`);
  const line =
    '\t\td.Log.Debug("order found", zap.String("order_id", order.ID), telemetry.TraceIDs(r.Context()))\n';
  writeFileSync(orders, text.replace(reply, line + reply));
  const service = join(deps.folder, 'shop-service');
  await buildService(emitted, service, deps);
  return { service, cache: await buildCache(deps.folder), slo: join(folder, 'slo.json') };
}
