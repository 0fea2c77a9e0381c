import type { ComponentChildren } from 'preact';
import { formatRoute, type Route } from '../router.ts';
import { useConsole } from '../state/console.ts';

interface LinkProps {
  to: Route;
  children: ComponentChildren;
  class?: string | undefined;
  current?: boolean;
  /** Marks the link of a table row, for `j` and `k`. */
  row?: boolean;
  label?: string;
}

/** A link to a route that moves without a page load; with a modifier key or the middle button it is the browser's. */
export function Link({ to, children, class: className, current, row, label }: LinkProps) {
  const app = useConsole();
  const go = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    app.navigate(to);
  };
  return (
    <a
      href={formatRoute(to)}
      class={className}
      aria-current={current ? 'page' : undefined}
      aria-label={label}
      data-row={row ? '' : undefined}
      onClick={go}
    >
      {children}
    </a>
  );
}
