import { type AlertRoute, alertmanagerConfig } from '../alerts/index.ts';
import { receiverOf, type Service, type Severity } from '../slo/index.ts';
import { commonLabels, type Resource } from './resource.ts';

const severities: readonly Severity[] = ['page', 'ticket'];

/** The Secret that holds where alerts go, the URL of a webhook by severity: the owner makes it. */
function receiversSecret(service: Service): string {
  return `${service.name}-receivers`;
}

/**
 * The service's branch of the route tree and its inhibitions, for Alertmanager's operator. Every receiver is a webhook whose URL
 * is in a Secret: until that is there the operator refuses the whole object, and alerts go where they went before. A receiver
 * without any integration would swallow them.
 */
export function alertmanagerConfigResource(service: Service): Resource {
  const { route, receivers, inhibit_rules } = alertmanagerConfig(service);
  const [branch] = route.routes ?? [];
  return {
    apiVersion: 'monitoring.coreos.com/v1alpha1',
    kind: 'AlertmanagerConfig',
    metadata: { name: service.name, labels: commonLabels(service) },
    spec: {
      route: operatorRoute({ ...route, ...branch }),
      receivers: receivers.map(({ name }) => ({
        name,
        webhookConfigs: [
          {
            urlSecret: { name: receiversSecret(service), key: severityOf(service, name) },
            sendResolved: true,
          },
        ],
      })),
      inhibitRules: inhibit_rules.map((rule) => ({
        sourceMatch: rule.source_matchers.map(operatorMatcher),
        targetMatch: rule.target_matchers.map(operatorMatcher),
        equal: rule.equal,
      })),
    },
  };
}

function severityOf(service: Service, receiver: string): Severity {
  return severities.find((severity) => receiverOf(service, severity) === receiver)!;
}

/** A route of Alertmanager's own file in the operator's spelling: camel case, matchers as objects. */
function operatorRoute({ matchers, routes, ...rest }: AlertRoute): Record<string, unknown> {
  const camel = Object.entries(rest).map(([key, value]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return {
    ...Object.fromEntries(camel),
    ...(matchers === undefined ? {} : { matchers: matchers.map(operatorMatcher) }),
    ...(routes === undefined ? {} : { routes: routes.map(operatorRoute) }),
  };
}

/** `severity="page"` -> {name, matchType, value}. */
function operatorMatcher(text: string) {
  const [, name, matchType, value] = /^([a-zA-Z_]\w*)(=~|!~|!=|=)(".*")$/s.exec(text) ?? [];
  if (value === undefined) throw new Error(`${text} is no matcher`);
  return { name, matchType, value: String(JSON.parse(value)) };
}
