import { consoleVariable, type Link } from '../model.ts';
import type { PersesLink } from './schema.ts';

/** Where a dashboard of the same project is shown. */
const dashboards = '/projects/$__project/dashboards';

/**
 * A link of a dashboard or a panel; none where it needs a label, which only a table's row has. The console reads times in another
 * form than Perses writes them, so it shows its own range.
 */
export function link(to: Link): readonly PersesLink[] {
  const url = urlOf(to, () => undefined);
  if (url === undefined) return [];
  return [{ name: to.title, url, renderVariables: true, targetBlank: 'console' in to }];
}

/** The one link that a cell of a table may have: the first that can be followed. */
export function cellLink(
  links: readonly Link[],
): { readonly url: string; readonly title: string; readonly openNewTab: boolean } | undefined {
  for (const to of links) {
    const url = urlOf(to, (label) => `\${__data.fields["${label}"]}`);
    if (url !== undefined) return { url, title: to.title, openNewTab: 'console' in to };
  }
  return undefined;
}

function urlOf(to: Link, labelText: (label: string) => string | undefined): string | undefined {
  if ('dashboardsTagged' in to) return undefined;
  if ('dashboard' in to) {
    if (typeof to.dashboard === 'string') return `${dashboards}/${to.dashboard}`;
    const name = labelText(to.dashboard.label);
    if (name === undefined) return undefined;
    const path = `${dashboards}/${name}${to.dashboard.end}`;
    const chosen = Object.entries(to.choosing ?? {}).map(([key, label]) => `var-${key}=${labelText(label)}`);
    return chosen.length === 0 ? path : `${path}?${chosen.join('&')}`;
  }
  const query: string[] = [];
  for (const [key, value] of Object.entries(to.query)) {
    const text = typeof value === 'string' ? encodeURIComponent(value) : labelText(value.label);
    // Without the label the view shows more than was asked for, and still what was asked for.
    if (text !== undefined) query.push(`${key}=${text}`);
  }
  return `\${${consoleVariable}}${to.console}?${query.join('&')}`;
}
