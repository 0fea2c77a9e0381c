import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { build } from 'esbuild';
import { usedExports } from '../../scaffold/used-exports.ts';

const source = `
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
export const built = new dashboard.DashboardBuilder('shop').refresh('30s').build();`;

test('a bundle holds of the SDK what is used, and builds the same dashboard', async () => {
  const how = { bundle: true, format: 'esm', platform: 'node', write: false, logLevel: 'silent' } as const;
  const stdin = { contents: source, resolveDir: import.meta.dirname };
  const banner = { js: "import { createRequire } from 'node:module';const require = createRequire('/');" };
  const [all, used] = await Promise.all(
    [[], [usedExports]].map(async (plugins) => {
      const { outputFiles } = await build({ ...how, stdin, banner, plugins });
      return outputFiles[0]!.text;
    }),
  );
  assert.ok(used!.length < all!.length / 2, `${used!.length} of ${all!.length}`);
  const { built } = await import(`data:text/javascript,${encodeURIComponent(used!)}`);
  assert.deepEqual(
    JSON.parse(JSON.stringify(built)),
    JSON.parse(JSON.stringify(new dashboard.DashboardBuilder('shop').refresh('30s').build())),
  );
});
