import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { consoleVariable, type Link } from '../model.ts';

/** A link at the top of the dashboard. */
export function dashboardLink(link: Link): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder(link.title)
    .type(dashboard.DashboardLinkType.Link)
    .icon(isInside(link) ? 'dashboard' : 'external link')
    .url(url(link, chartLabel))
    .keepTime(isInside(link))
    .targetBlank(!isInside(link));
}

/** A link of a point of a line. */
export function dataLink(link: Link): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder(link.title)
    .url(url(link, chartLabel))
    .targetBlank(!isInside(link));
}

/** A link of a table's cell, as an override has it. */
export function cellLink(link: Link): { title: string; url: string; targetBlank: boolean } {
  return { title: link.title, url: url(link, rowLabel), targetBlank: !isInside(link) };
}

/** What stays in Grafana opens in the same tab. */
function isInside(link: Link): boolean {
  return !('console' in link);
}

type LabelText = (label: string) => string;

const chartLabel: LabelText = (label) => `\${__field.labels.${label}:percentencode}`;
const rowLabel: LabelText = (label) => `\${__data.fields.${label}:percentencode}`;

/**
 * Grafana fills in the variables when the link is followed.
 * Source: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-data-links/
 */
function url(link: Link, labelText: LabelText): string {
  if ('dashboard' in link) {
    const { dashboard: to, choosing = {} } = link;
    const path = typeof to === 'string' ? `/d/${to}` : `/d/${labelText(to.label)}${to.end}`;
    const chosen = Object.entries(choosing).map(([name, label]) => `var-${name}=${labelText(label)}`);
    return chosen.length === 0 ? path : `${path}?${chosen.join('&')}`;
  }
  if ('dashboardsTagged' in link) return `/dashboards?tag=${labelText(link.dashboardsTagged.label)}`;
  const query = Object.entries(link.query).map(
    ([key, value]) =>
      `${key}=${typeof value === 'string' ? encodeURIComponent(value) : labelText(value.label)}`,
  );
  const time = ['from=${__from:date:iso}', 'to=${__to:date:iso}'];
  return `\${${consoleVariable}}${link.console}?${[...query, ...time].join('&')}`;
}
