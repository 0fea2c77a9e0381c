import { useEffect, useRef } from 'preact/hooks';
import type { KeyBinding } from '../keys.ts';
import { useConsole } from './console.ts';

/** Offers shortcuts while the component is shown. Their actions may close over the latest render. */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const app = useConsole();
  const latest = useRef(bindings);
  latest.current = bindings;
  const names = bindings.map((b) => `${b.keys}=${b.says}`).join('|');
  useEffect(() => {
    const mine = latest.current.map((b, i) => ({ ...b, run: () => latest.current[i]?.run() }));
    app.bindings.value = [...app.bindings.peek(), ...mine];
    return () => {
      app.bindings.value = app.bindings.peek().filter((b) => !mine.includes(b));
    };
  }, [names]);
}
