/** One budget's counts -> how its objective stands, by the same arithmetic as the rendered rules. Pure. */
import {
  burnRate,
  countSums,
  errorBudget,
  evaluateBurn,
  maySend,
  receiverOf,
  replay,
  type Severity,
  type Slo,
  type StepCounts,
  type TierVerdict,
  type WindowCounts,
  type WindowName,
  windowCountsAt,
} from '../../slo/index.ts';
import type { Budget } from './book.ts';
import { type BudgetState, budgetState } from './budget.ts';
import { evidence } from './evidence.ts';
import type { SloState } from './state.ts';
import { stepMs } from './timeline.ts';

interface TierState extends TierVerdict {
  /** The objective may send alerts of this severity. */
  readonly sends: boolean;
  /** Since when it fires, in milliseconds since 1970; undefined when it does not, or only just. */
  readonly sinceMs: number | undefined;
}

/** Who is told now: only of the gravest tier, as its alert silences the milder ones. */
export interface Call {
  readonly severity: Severity;
  readonly tier: string;
  readonly owner: string;
  /** The receiver of Alertmanager. */
  readonly receiver: string;
  readonly sinceMs: number;
}

export interface Standing {
  readonly budget: Budget;
  readonly state: SloState;
  readonly spent: BudgetState;
  readonly tiers: readonly TierState[];
  readonly call: Call | undefined;
  /** Burn rate over the last hour; undefined without requests. */
  readonly burn: number | undefined;
  /** When the budget is used up at that rate, in milliseconds since 1970; undefined where it is not, or is already. */
  readonly emptyMs: number | undefined;
}

/** Judges one budget at `nowMs`, the end of a step: milliseconds since 1970. */
export function standingOf(budget: Budget, nowMs: number): Standing {
  const { slo, counts } = budget;
  const spent = budgetState(slo.objective, counts, nowMs);
  const steps = counts && evidence(counts, nowMs);
  const windowCounts: Partial<Record<WindowName, WindowCounts>> = steps
    ? windowCountsAt(countSums(steps), steps.total.length - 1)
    : {};
  const verdicts = tierStates(slo, windowCounts, steps, nowMs);
  const firing = verdicts.find(({ verdict, sends }) => verdict === 'firing' && sends);
  const burn = windowCounts['1h'] && burnRate(windowCounts['1h'], errorBudget(slo.objective));
  return {
    ...{ budget, spent, tiers: verdicts, burn },
    state: stateOf(firing, verdicts, windowCounts),
    call: firing && callOf(budget, firing, nowMs),
    emptyMs: emptyAt(spent, burn, nowMs),
  };
}

function tierStates(
  slo: Slo,
  counts: Partial<Record<WindowName, WindowCounts>>,
  steps: StepCounts | undefined,
  nowMs: number,
): readonly TierState[] {
  const budget = errorBudget(slo.objective);
  const verdicts = evaluateBurn(budget, counts);
  const isFiring = verdicts.some(({ verdict }) => verdict === 'firing');
  const firings = isFiring && steps ? replay(budget, steps) : [];
  return verdicts.map((verdict) => {
    const last = firings.findLast(({ tier, to }) => tier === verdict.tier && to === steps!.total.length);
    const sinceMs = last && steps!.startUnixMs + (last.from + 1) * stepMs;
    const sends = maySend(slo, verdict.tier.severity);
    return { ...verdict, sends, sinceMs: verdict.verdict === 'firing' ? (sinceMs ?? nowMs) : undefined };
  });
}

function stateOf(
  firing: TierState | undefined,
  verdicts: readonly TierState[],
  counts: Partial<Record<WindowName, WindowCounts>>,
): SloState {
  if (firing) return firing.tier.severity === 'page' ? 'paging' : 'ticket';
  if (!counts['5m']?.coverage) return 'not observed';
  if (!counts['6h']?.total && !counts['1h']?.total) return 'too few requests';
  const held = verdicts.some(
    ({ tier, verdict, longBurn = 0, shortBurn = 0 }) =>
      verdict === 'too few bad events' && longBurn > tier.factor && shortBurn > tier.factor,
  );
  return held ? 'too few requests' : 'ok';
}

function callOf({ service, slo }: Budget, { tier, sinceMs }: TierState, nowMs: number): Call {
  const { severity } = tier;
  return {
    ...{ severity, tier: tier.id, owner: slo.owner ?? service.owner },
    receiver: receiverOf(service, severity),
    sinceMs: sinceMs ?? nowMs,
  };
}

function emptyAt({ left, window }: BudgetState, burn: number | undefined, nowMs: number): number | undefined {
  // At the allowed rate or below, as much comes back as goes.
  if (left === undefined || left <= 0 || burn === undefined || burn <= 1) return undefined;
  return nowMs + (left / burn) * window.seconds * 1_000;
}
