// What Prometheus answers to queries over given series, asked of promtool.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A query at a time after the start (`1d`), and the one series that it answers. */
export interface ExpectedAnswer {
  expr: string;
  at: string;
  /** Labels as PromQL writes them. */
  labels: string;
  value: number;
}

/**
 * Asks the queries over series with one sample in five minutes.
 * @param series selector -> values in promtool's notation, like `1x288`
 * @returns what promtool found wrong; empty when every answer is the expected one
 */
export function promtoolQueries(
  promtool: string,
  series: Readonly<Record<string, string>>,
  queries: readonly ExpectedAnswer[],
): string {
  const tests = {
    rule_files: [],
    evaluation_interval: '5m',
    tests: [
      {
        interval: '5m',
        input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values })),
        promql_expr_test: queries.map(({ expr, at, labels, value }) => ({
          expr,
          eval_time: at,
          exp_samples: [{ labels, value }],
        })),
      },
    ],
  };
  const folder = mkdtempSync(join(tmpdir(), 'promtool-queries-'));
  try {
    // promtool reads YAML, of which JSON is a part.
    const file = join(folder, 'queries.test.yaml');
    writeFileSync(file, JSON.stringify(tests));
    const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', file], { encoding: 'utf8' });
    return status === 0 ? '' : stdout + stderr || 'promtool could not be started';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
