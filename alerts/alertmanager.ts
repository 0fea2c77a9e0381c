/** Service -> Alertmanager: who is told of what, and which alert makes which other superfluous. */
import { receiverOf, rule, ruleLabel, type Service, type Severity, type Tier, tiers } from '../slo/index.ts';

/** How soon and how often: a page at once, another one of the same service within a minute; a ticket may wait. */
const timing: Readonly<Record<Severity, Readonly<Record<string, string>>>> = {
  page: { group_wait: '10s', group_interval: '1m', repeat_interval: '4h' },
  ticket: { group_wait: '5m', group_interval: '30m', repeat_interval: '3d' },
};

interface Receiver {
  readonly name: string;
}

export interface AlertRoute {
  readonly receiver: string;
  readonly matchers?: readonly string[];
  readonly group_by?: readonly string[];
  readonly routes?: readonly AlertRoute[];
  readonly [time: string]: unknown;
}

export interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

export interface AlertmanagerConfig {
  readonly route: AlertRoute;
  readonly receivers: readonly Receiver[];
  readonly inhibit_rules: readonly InhibitRule[];
}

/**
 * A configuration of Alertmanager for one service: its branch of the route tree, receivers by name for the owner to fill in,
 * and the inhibitions. Alerts of one service are one notification, whichever objectives they are about.
 */
export function alertmanagerConfig(service: Service): AlertmanagerConfig {
  const names = [...new Set([receiverOf(service, 'page'), receiverOf(service, 'ticket')])];
  return {
    route: {
      receiver: receiverOf(service, 'ticket'),
      group_by: ['alertname', ruleLabel.service],
      routes: [
        {
          receiver: receiverOf(service, 'ticket'),
          matchers: [is(ruleLabel.service, service.name)],
          routes: (['page', 'ticket'] as const).map((severity) => ({
            receiver: receiverOf(service, severity),
            matchers: [is(ruleLabel.severity, severity)],
            ...timing[severity],
          })),
        },
      ],
    },
    receivers: names.map((name) => ({ name })),
    inhibit_rules: inhibitions(service),
  };
}

/**
 * A graver tier of an objective silences the milder ones of the same objective: one incident, one alert. A service that is not
 * scraped silences its tickets, which tell of missing data then.
 */
export function inhibitions(service: Service): readonly InhibitRule[] {
  const same = [ruleLabel.service, ruleLabel.slo, ...new Set(service.slos.flatMap((slo) => slo.by))];
  const burn = is('alertname', rule.alertName);
  const milder = tiers.flatMap((tier, index): InhibitRule[] => {
    const targets = tiers.slice(index + 1).filter((other) => isMilder(other, tier));
    if (targets.length === 0) return [];
    return [
      {
        source_matchers: [burn, is(ruleLabel.tier, tier.id)],
        target_matchers: [burn, `${ruleLabel.tier}=~"${targets.map((other) => other.id).join('|')}"`],
        equal: same,
      },
    ];
  });
  const unseen: InhibitRule = {
    source_matchers: [is('alertname', 'ServiceNotScraped')],
    target_matchers: [is(ruleLabel.severity, 'ticket')],
    equal: [ruleLabel.service],
  };
  return [...milder, unseen];
}

/** The table of tiers begins with the gravest. */
function isMilder(other: Tier, tier: Tier): boolean {
  return tier.severity === 'page' || other.severity === tier.severity;
}

/** A matcher in the syntax of Alertmanager. Source: https://prometheus.io/docs/alerting/latest/configuration/#matcher */
function is(name: string, value: string): string {
  return `${name}=${JSON.stringify(value)}`;
}
