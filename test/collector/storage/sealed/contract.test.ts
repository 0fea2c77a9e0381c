import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedStore, openEmbeddedStore } from '../../../../collector/storage/embedded/store.ts';
import { NANOS_PER_MS } from '../../../../collector/telemetry/clock.ts';
import { storeContract } from '../contract.ts';

const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** A share of the contract's runs: the engine itself is held by the whole of it. */
const SHARE = 0.25;

/**
 * The first append is followed by sealing, and every other one after it: queries meet raw and sealed blocks side by
 * side, and of the pages of one answer some are read before and some after a sealing.
 */
storeContract(
  'the embedded store, sealed as it fills',
  async (limits) => {
    const folder = await mkdtemp(join(ROOT, 'go-sre-sealed-'));
    let now = 1_764_000_000_000_000_000n;
    const open = async () =>
      sealing(
        await openEmbeddedStore(
          { path: join(folder, 'store.db'), groupMs: 0, ...limits },
          { clock: () => now },
        ),
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
  },
  SHARE,
);

function sealing(store: EmbeddedStore): EmbeddedStore {
  let appends = 0;
  return {
    ...store,
    append: async (batches) => {
      await store.append(batches);
      if (++appends % 2 === 1) await store.seal();
    },
  };
}
