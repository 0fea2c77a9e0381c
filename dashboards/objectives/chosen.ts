import { quote, rule, ruleLabel, type Service, windowText } from '../../slo/index.ts';

/** The variable that chooses the objective. */
export const sloVariable = 'slo';

/** The objective that the reader has chosen, among those of a service. */
export interface Chosen {
  /** Selects one of its series, narrowed by further matchers. */
  readonly select: (series: string, ...more: readonly string[]) => string;
  readonly matchers: readonly string[];
  /** What tells its series apart: further labels where an objective has budgets by some. */
  readonly labels: readonly string[];
  /** The end of a legend that names them. */
  readonly legend: string;
  /** Windows of all objectives of the service: `30d`, `month`. Series of the others have no value. */
  readonly windows: readonly string[];
}

export function chosen(service: Service): Chosen {
  const by = [...new Set(service.slos.flatMap((slo) => slo.by))];
  const matchers = [`${ruleLabel.service}=${quote(service.name)}`, `${ruleLabel.slo}="$${sloVariable}"`];
  return {
    select: (series, ...more) => `${series}{${[...matchers, ...more].join(',')}}`,
    matchers,
    labels: [ruleLabel.service, ruleLabel.slo, ...by],
    legend: by.map((name) => ` {{${name}}}`).join(''),
    windows: [...new Set(service.slos.map(({ objective }) => windowText(objective.window)))],
  };
}

const objectiveLabels = `on (${ruleLabel.service}, ${ruleLabel.slo})`;

/** The right side of `*` or `/`: the objective's error budget. */
export function budgetOf({ select }: Chosen): string {
  return `${objectiveLabels} group_left () ${select(rule.errorBudget)}`;
}

/** The budget left over this window; nothing where the objective has another one. */
export function budgetLeft({ select }: Chosen, window: string): string {
  return select(rule.budgetLeft, `${ruleLabel.window}="${window}"`);
}

/** The right side of `and`: only where the objective's window is this one. Sums over 1d and 3d are there for all. */
export function promisedOver(shown: Chosen, window: string): string {
  return `${objectiveLabels} ${budgetLeft(shown, window)}`;
}
