import { useRef } from 'preact/hooks';
import { formatCount } from '../format.ts';
import type { TraceTab } from '../router.ts';
import { useKeys } from '../state/use-keys.ts';
import type { OpenTrace } from './use-trace.ts';

const TABS: { tab: TraceTab; name: string }[] = [
  { tab: 'waterfall', name: 'Waterfall' },
  { tab: 'table', name: 'Table' },
  { tab: 'logs', name: 'Logs' },
];

function Search({ open }: { open: OpenTrace }) {
  const input = useRef<HTMLInputElement>(null);
  useKeys([{ keys: '/', says: 'search', run: () => input.current?.select() }]);
  const { find } = open.at;
  return (
    <label class="srch">
      <span class="vh">Search in this trace</span>
      <kbd>/</kbd>
      <input
        ref={input}
        value={find}
        placeholder="span, service, log line"
        onInput={(event) => open.go({ find: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') open.nextMatch();
          if (event.key !== 'Escape') return;
          // The first Esc leaves the field, the next closes the span.
          event.stopPropagation();
          event.currentTarget.blur();
        }}
      />
      <span class="s t3" role="status">
        {find === ''
          ? ''
          : `${formatCount(open.matches.length)} of ${formatCount(open.model.tree.count)} spans`}
      </span>
    </label>
  );
}

/** Search, the ways to look at the trace, and the two questions most asked of one. */
export function Toolbar({ open }: { open: OpenTrace }) {
  return (
    <div class="tb">
      <Search open={open} />
      <span class="seg">
        {TABS.map(({ tab, name }) => (
          <button type="button" key={tab} aria-pressed={open.at.tab === tab} onClick={() => open.go({ tab })}>
            {name}
          </button>
        ))}
      </span>
      <button type="button" class="ctl" aria-pressed={open.showPath} onClick={open.togglePath}>
        Critical path <kbd>c</kbd>
      </button>
      <button type="button" class="ctl" disabled={open.errors.length === 0} onClick={open.nextError}>
        Next error <kbd>f</kbd>
      </button>
    </div>
  );
}
