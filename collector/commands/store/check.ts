import { type CheckCounts, checkStore } from '../../storage/embedded/check.ts';
import { openStoredFile } from '../../storage/embedded/stored-file.ts';
import { UsageProblem } from '../command.ts';
import type { StoreCommand } from './command.ts';

const usage = `go-sre-collector store check FILE: whether the store is whole

Asks SQLite, decodes every block, and compares what each says of itself (records, times, services, members) with what it
holds. Nothing of the file is changed. One line a problem; exit code 1 when there is one.
`;

/** `store check FILE` */
export const check: StoreCommand = {
  summary: 'tells whether the file is whole, block by block',
  usage,
  flags: {},
  run: async (paths, _flags, { output, tell }) => {
    const [path, ...more] = paths;
    if (path === undefined || more.length > 0) throw new UsageProblem('check takes one FILE');
    const file = openStoredFile(path);
    const counts: CheckCounts = { blocks: 0, sealed: 0, records: 0 };
    let problems = 0;
    try {
      for (const problem of checkStore(file, counts)) {
        problems++;
        output.write(`${problem}\n`);
      }
    } finally {
      file.close();
    }
    const found = problems === 0 ? 'no problem' : problems === 1 ? '1 problem' : `${problems} problems`;
    tell(`${counts.blocks} blocks, ${counts.sealed} of them sealed, ${counts.records} records: ${found}`);
    return problems === 0 ? 0 : 1;
  },
};
