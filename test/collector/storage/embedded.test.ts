import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedStoreOptions, openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { NANOS_PER_MS } from '../../../collector/telemetry/clock.ts';
import { type OpenStore, storeContract } from './contract.ts';

/** In memory where there is such a folder: hundreds of stores are made, and no test cuts the power. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

storeContract('the embedded store', opener({}));
storeContract('the embedded store with reader workers', opener({ readers: 1 }), 0.025);

function opener(options: Partial<EmbeddedStoreOptions>): OpenStore {
  return async (limits) => {
    const folder = await mkdtemp(join(ROOT, 'go-sre-store-'));
    let now = 1_764_000_000_000_000_000n;
    const open = () =>
      openEmbeddedStore(
        { path: join(folder, 'store.db'), groupMs: 0, ...limits, ...options },
        { clock: () => now },
      );
    let store = await open();
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await open();
        return store;
      },
      advance: (milliseconds) => {
        now += BigInt(milliseconds) * NANOS_PER_MS;
      },
      remove: async () => {
        await store.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}
