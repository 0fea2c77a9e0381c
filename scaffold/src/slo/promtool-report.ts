import type { RuleTest } from '../../../alerts/index.ts';

/** One expectation of a rule test that did not hold. */
export type RuleTestFailure = {
  /** The tests that it may be of: promtool names the expression only. */
  tests: readonly string[];
  /** What was asked, and when: `14h`. */
  expr: string;
  at: string;
  expected: string;
  got: string;
};

/** `expr: "…", time: 14h,` or `alertname: …, time: 14h,`, then what was expected and what came. */
const failure =
  /^ *(?:expr: ("(?:[^"\\]|\\.)*")|alertname: ([^\n]+?)), time: ([^\n]+?), *\n\s*exp: *([\s\S]*?)\n\s*got: *([\s\S]*?)(?=\n *(?:name|expr|alertname): |\n\s*\n|\s*$)/gm;

/** Reads what `promtool test rules` says of failed tests; empty where it says it in another way. */
export function readFailures(output: string, tests: readonly RuleTest[]): readonly RuleTestFailure[] {
  return [...output.matchAll(failure)].map(([, quoted, alertname, at = '', expected = '', got = '']) => {
    const expr = quoted === undefined ? (alertname ?? '') : (JSON.parse(quoted) as string);
    const asked = tests.filter(({ promql_expr_test }) =>
      promql_expr_test.some((one) => one.expr === expr && inSeconds(one.eval_time) === inSeconds(at)),
    );
    return { tests: asked.map(({ name }) => name), expr, at, expected: samples(expected), got: samples(got) };
  });
}

const unitSeconds: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** `12h45m` and `765m` are one time. */
function inSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([dhms])/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitSeconds[unit!]!, 0);
}

function samples(text: string): string {
  const one = text.replace(/\s+/g, ' ').trim();
  return one === 'nil' || one === '' ? 'nothing' : one.replaceAll(' 1E+00', '');
}

/** The failures as lines for a terminal. */
export function failureText({ tests, expr, at, expected, got }: RuleTestFailure): string {
  const name = tests.length > 0 ? tests.join(', or: ') : expr;
  return `failed  ${name}\n        after ${at} must fire: ${expected}\n        fires: ${got}`;
}
