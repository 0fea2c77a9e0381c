import type { Service } from '../slo/index.ts';
import type { GrafanaForm } from './options.ts';
import { commonLabels, type Resource } from './resource.ts';

/**
 * One dashboard as an object of the form that the cluster's Grafana takes. It stands there without line breaks, a little more
 * than half of the size: objects have a limit, and for people there is the file in ops/grafana/.
 * @param file name of the dashboard's file, which ends in .json
 */
export function dashboardResource(service: Service, file: string, json: string, form: GrafanaForm): Resource {
  const name = `${file.replace(/\.json$/, '')}-dashboard`;
  const compact = JSON.stringify(JSON.parse(json));
  return form === 'configmap'
    ? configMap(service, name, file, compact)
    : grafanaDashboard(service, name, compact);
}

/** Found by its label. Source: sidecar.dashboards.label, https://github.com/grafana-community/helm-charts/tree/main/charts/grafana */
function configMap(service: Service, name: string, file: string, json: string): Resource {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { ...commonLabels(service), grafana_dashboard: '1' } },
    data: { [file]: json },
  };
}

/** Grafana mostly lives in a namespace of its own. Source: https://grafana.github.io/grafana-operator/docs/api/#grafanadashboard */
function grafanaDashboard(service: Service, name: string, json: string): Resource {
  return {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'GrafanaDashboard',
    metadata: { name, labels: commonLabels(service) },
    spec: {
      allowCrossNamespaceImport: true,
      instanceSelector: { matchLabels: { dashboards: 'grafana' } },
      json,
    },
  };
}
