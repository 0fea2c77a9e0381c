import { useState } from 'preact/hooks';
import { incidentDocumentPath } from '../api.ts';
import { useConsole } from '../state/console.ts';

type State = 'ready' | 'copied' | 'failed';
const SAYS: Record<State, string> = {
  ready: 'Copy Markdown',
  copied: 'Copied',
  failed: 'Not copied: open it',
};

/** The incident to take along: Markdown for a ticket, and one HTML file with its charts, waterfall and log lines. */
export function ShareIncident({ id }: { id: string }) {
  const app = useConsole();
  const [state, setState] = useState<State>('ready');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await app.api.incidentMarkdown(id, new AbortController().signal));
      setState('copied');
    } catch {
      setState('failed');
    }
  };
  // Browsers give no clipboard to pages of other hosts without TLS: there the text opens in place of being copied.
  const isPlain = state === 'failed' || navigator.clipboard === undefined;
  return (
    <div class="act">
      {isPlain ? (
        <a class="btn" href={incidentDocumentPath(id, 'markdown')} target="_blank" rel="noreferrer">
          {state === 'failed' ? SAYS.failed : 'Open Markdown'}
        </a>
      ) : (
        <button type="button" class="btn" onClick={copy} aria-live="polite">
          {SAYS[state]}
        </button>
      )}
      <a class="btn" href={incidentDocumentPath(id, 'html')} download={`incident-${id}.html`}>
        Download HTML
      </a>
    </div>
  );
}
