#!/usr/bin/env node
// The published entry: says in one line that Node is too old, where the collector itself would fail at its imports.
const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error(
    `go-sre-collector: Node ${process.versions.node} is too old, it needs Node ${NEEDED} or newer. With npm alone: npx -y -p node@${NEEDED} -p go-sre-collector go-sre-collector …`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}

export {};
