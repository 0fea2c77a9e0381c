import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, type ExplainAsked } from '../api.ts';
import { parseMoment } from '../moment.ts';
import { useConsole } from '../state/console.ts';
import { useKeys } from '../state/use-keys.ts';
import { Field, fieldText } from './search-form.tsx';

/** What the form asks; text where a field is not of its form. */
function askedOf(data: FormData, nowMs: number): ExplainAsked | string {
  const time = fieldText(data, 'at');
  const atMs = time === '' ? undefined : parseMoment(time, nowMs);
  if (Number.isNaN(atMs)) return `${time} is no time: write 14:22, 14:22:10 or 2026-03-11 14:22, UTC.`;
  const [service, route, where] = ['service', 'route', 'where'].map((name) => fieldText(data, name));
  if (where && !/^[^=]+=/.test(where))
    return `${where} is no attribute: write KEY=VALUE, such as customer.id=42.`;
  return { atMs, service: service ?? '', route: route ?? '', where: where ?? '' };
}

/** Asks for one explanation at a time, and opens its incident. */
function useExplanation() {
  const app = useConsole();
  const asking = useRef<AbortController>(undefined);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  useEffect(() => () => asking.current?.abort(), []);
  const stop = () => {
    asking.current?.abort();
    setBusy(false);
  };
  const ask = async (asked: ExplainAsked) => {
    const mine = new AbortController();
    asking.current = mine;
    setBusy(true);
    try {
      const { incident } = await app.api.explain(asked, app.between(), mine.signal);
      if (mine.signal.aborted) return;
      app.navigate({ view: 'incident', range: app.route.peek().range, id: incident.id });
    } catch (error) {
      if (mine.signal.aborted) return;
      setProblem(error instanceof ApiError ? error.message : String(error));
      setBusy(false);
    }
  };
  const send = (data: FormData) => {
    if (busy) return;
    const asked = askedOf(data, app.now());
    setProblem(typeof asked === 'string' ? asked : '');
    if (typeof asked !== 'string') void ask(asked);
  };
  return { busy, problem, send, stop };
}

/** A time to explain: the collector keeps its answer as an incident, which opens. `e` goes to the first field. */
export function ExplainForm() {
  const form = useRef<HTMLFormElement>(null);
  const { busy, problem, send, stop } = useExplanation();
  const toFirst = () => form.current?.querySelector('input')?.select();
  useKeys([
    { keys: 'e', says: 'explain a time', run: toFirst, hint: ['e', 'explain'] },
    ...(busy ? [{ keys: 'Escape', says: 'cancel', run: stop }] : []),
  ]);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (form.current) send(new FormData(form.current));
  };
  return (
    <>
      <form class="qf ex" aria-label="Explain a time" ref={form} onSubmit={onSubmit}>
        <Field label="Began at, UTC" name="at" value="" placeholder="search the range" />
        <Field label="Service" name="service" value="" placeholder="all" />
        <Field label="Route" name="route" value="" placeholder="the worst" wide />
        <Field label="Requests with" name="where" value="" placeholder="customer.id=42" />
        <button type="submit" class="btn" disabled={busy}>
          Explain
        </button>
      </form>
      {busy ? (
        <p class="s t2 ft" role="status">
          All services are compared with quiet time before{' '}
          <button type="button" class="btn" onClick={stop}>
            Cancel <kbd>Esc</kbd>
          </button>
        </p>
      ) : null}
      {problem === '' ? null : (
        <p class="er3" role="alert">
          <b>Not explained:</b> {problem}
        </p>
      )}
    </>
  );
}
