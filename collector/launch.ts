#!/usr/bin/env node
// The published entry: says in one line that Node is too old, where the collector itself would fail at its imports, and
// starts Node with the flags that the collector is measured with.
const NEEDED = 24;
/**
 * Bodies come and go by the hundred megabytes while the heap stays at some twenty: threads that collect it at the same
 * time cost more than they save (a fifth of the CPU of taking spans in). A young heap of eight megabytes: with four, requests
 * under way are taken for old (a seventh more CPU), and sixteen hold more garbage and save nothing.
 */
const FLAGS = ['--single-threaded-gc', '--min-semi-space-size=8', '--max-semi-space-size=8'];
/** Buffers of all threads from one arena: what one thread gives back the others may use. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error(
    `go-sre-collector: Node ${process.versions.node} is too old, it needs Node ${NEEDED} or newer. With npm alone: npx -y -p node@${NEEDED} -p go-sre-collector go-sre-collector …`,
  );
  process.exitCode = 1;
} else {
  startAnew();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}

/** Most of these flags work at the start of the process only, so it is replaced by itself; not where that cannot be done. */
function startAnew(): void {
  if (FLAGS.every((flag) => process.execArgv.includes(flag)) || typeof process.execve !== 'function') return;
  const argv = [process.execPath, ...process.execArgv, ...FLAGS, ...process.argv.slice(1)];
  const env = { ...ENVIRONMENT, ...process.env };
  try {
    process.execve(process.execPath, argv, env as Record<string, string>);
  } catch {
    // Windows has no such call: it goes on as it is.
  }
}

export {};
