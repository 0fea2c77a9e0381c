import { type GoNode, parts, within } from '../go/syntax.ts';
import { durationText } from './promise.ts';

/** A route's sampling as it is written in the table. */
export type SamplingExpression = {
  /** The telemetry package's name with its dot; empty where the package is imported without one. */
  qualifier: string;
  base: 'Default' | 'Always' | 'Ratio';
  /** Whether the route decides again whatever its caller did. */
  ignoresParent: boolean;
};

/** What is to be written in its place. */
export type WantedSampling = {
  share: number;
  keepFailed: boolean;
  keepSlowSeconds: number | null;
};

const methods = ['IgnoreParent', 'KeepFailed', 'KeepSlow'];

/**
 * Reads `telemetry.Default`, `telemetry.Always` or `telemetry.Ratio(…)` with the methods behind it; undefined for
 * anything else: a name may be another route's too, and what a function gives is not known.
 * @param packages names of the packages that the file imports
 */
export function readSamplingExpression(
  node: GoNode,
  packages: ReadonlySet<string>,
): SamplingExpression | undefined {
  if (within(node, 'comment').length > 0) return undefined;
  const chain: string[] = [];
  let at = node;
  for (;;) {
    const called = at.type === 'call_expression' ? at.childForFieldName('function') : null;
    const name = called?.type === 'selector_expression' ? called.childForFieldName('field')?.text : undefined;
    if (called === null || name === undefined || !methods.includes(name)) break;
    chain.push(name);
    at = called.childForFieldName('operand')!;
  }
  const named = at.type === 'call_expression' ? ratioOf(at) : at;
  const base = named === undefined ? undefined : baseOf(named, at !== named, packages);
  if (base === undefined) return undefined;
  return { ...base, ignoresParent: base.base === 'Always' || chain.includes('IgnoreParent') };
}

/** What is called with one number. */
function ratioOf(call: GoNode): GoNode | undefined {
  const given = call.childForFieldName('arguments');
  const called = call.childForFieldName('function');
  const isOne = given !== null && parts(given).length === 1;
  return isOne && called !== null ? called : undefined;
}

function baseOf(
  node: GoNode,
  isCalled: boolean,
  packages: ReadonlySet<string>,
): Pick<SamplingExpression, 'qualifier' | 'base'> | undefined {
  const field = node.type === 'selector_expression' ? node.childForFieldName('field')?.text : node.text;
  const operand = node.type === 'selector_expression' ? node.childForFieldName('operand')!.text : '.';
  if (!packages.has(operand)) return undefined;
  const qualifier = operand === '.' ? '' : `${operand}.`;
  const base = (isCalled ? (['Ratio'] as const) : (['Default', 'Always'] as const)).find(
    (one) => one === field,
  );
  return base === undefined ? undefined : { qualifier, base };
}

/** The expression for what is wanted; `time` is that package's name with its dot, or empty. */
export function samplingExpression(
  { share, keepFailed, keepSlowSeconds }: WantedSampling,
  { qualifier, ignoresParent }: Pick<SamplingExpression, 'qualifier' | 'ignoresParent'>,
  time: string,
): string {
  return [
    `${qualifier}Ratio(${decimal(share)})`,
    ...(ignoresParent ? ['IgnoreParent()'] : []),
    ...(keepFailed ? ['KeepFailed()'] : []),
    ...(keepSlowSeconds === null
      ? []
      : [`KeepSlow(${durationText(Math.round(keepSlowSeconds * 1e9), time)})`]),
  ].join('.');
}

/** Without an exponent, which nobody writes in a table. */
function decimal(share: number): string {
  return share === 0 ? '0' : share.toFixed(12).replace(/\.?0+$/, '');
}
