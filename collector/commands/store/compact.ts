import { existsSync } from 'node:fs';
import { compactFile } from '../../storage/embedded/compact.ts';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { UsageProblem } from '../command.ts';
import type { StoreCommand } from './command.ts';

const usage = `go-sre-collector store compact FILE: makes the file as small as its content

Brings an older store up to date, seals what waits for it, and writes the file anew without the room of what was deleted.
That needs room for another copy beside it. Tells the bytes before and after.
`;

/** Nothing is evicted here, whatever its age: that is for the collector, which knows the limits. */
const NO_LIMITS = { retentionMs: 1e13, maxBytes: Number.MAX_SAFE_INTEGER };

/** `store compact FILE` */
export const compact: StoreCommand = {
  summary: 'seals what waits for it and gives unused room back to the disk',
  usage,
  flags: {},
  run: async (paths, _flags, { tell, clock }) => {
    const [path, ...more] = paths;
    if (path === undefined || more.length > 0) throw new UsageProblem('compact takes one FILE');
    // Opening would make an empty store, which is not what was asked for.
    if (!existsSync(path)) throw new CollectorError('store-failed', `There is no store ${path}.`);
    const warn = (message: string) => tell(message);
    const store = await openEmbeddedStore({ path, ...NO_LIMITS }, { clock, warn });
    let sealed: number;
    let before: number;
    try {
      before = (await store.status()).bytes;
      sealed = await store.seal();
    } finally {
      await store.close();
    }
    const { after } = compactFile(path);
    tell(`${before} bytes became ${after}; ${sealed} records were sealed`);
    return 0;
  },
};
