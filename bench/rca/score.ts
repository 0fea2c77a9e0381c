// How good is a list of rankings? Counts and means over cases; a rank of 0 says that the right service is not in the list.

/** Ranking metrics. Source: AC@k and Avg@5 as used by Nezha (FSE 2023); MRR: the mean of 1/rank. */
export interface Scores {
  ac1: number;
  ac3: number;
  ac5: number;
  avg5: number;
  mrr: number;
}

export function scoresOf(ranks: readonly number[]): Scores {
  const within = (k: number) => ranks.filter((rank) => rank >= 1 && rank <= k).length / ranks.length;
  const mrr = ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length;
  const avg5 = [1, 2, 3, 4, 5].reduce((sum, k) => sum + within(k), 0) / 5;
  return { ac1: within(1), ac3: within(3), ac5: within(5), avg5, mrr };
}

/** What an answer tells of one service: the highest score of each family. */
interface ServiceScores {
  service: string;
  families: Record<string, number>;
}

export interface Case {
  type: string;
  service: string;
  answer: readonly ServiceScores[];
}

const factors = [0.5, 1, 2];
const tuned = ['logs', 'network', 'self-time', 'cpu'] as const;
type Weights = Record<string, number>;

function rankWith({ answer, service }: Case, weights: Weights): number {
  const scored = answer
    .map((one) => ({
      service: one.service,
      score: Math.max(
        ...Object.entries(one.families).map(([family, score]) => score * (weights[family] ?? 1)),
      ),
    }))
    .sort((a, b) => b.score - a.score);
  return scored.findIndex((one) => one.service === service) + 1;
}

function* grid(): Generator<Weights> {
  for (const a of factors)
    for (const b of factors)
      for (const c of factors)
        for (const d of factors)
          yield Object.fromEntries(tuned.map((family, i) => [family, [a, b, c, d][i]!]));
}

/**
 * Ranks of every case with the families weighed anew on the cases of all other types: what is left of the figures when
 * the weights never saw a fault of that type.
 */
export function leaveOneTypeOut(cases: readonly Case[]): number[] {
  const types = [...new Set(cases.map(({ type }) => type))];
  const best = new Map(types.map((type) => [type, bestWeights(cases.filter((one) => one.type !== type))]));
  return cases.map((one) => rankWith(one, best.get(one.type)!));
}

function bestWeights(cases: readonly Case[]): Weights {
  const distance = (weights: Weights) =>
    Object.values(weights).reduce((sum, weight) => sum + Math.abs(Math.log2(weight)), 0);
  const scored = [...grid()].map((weights) => ({
    weights,
    mrr: scoresOf(cases.map((one) => rankWith(one, weights))).mrr,
  }));
  scored.sort((a, b) => b.mrr - a.mrr || distance(a.weights) - distance(b.weights));
  return scored[0]!.weights;
}
