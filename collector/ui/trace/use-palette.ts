import { useEffect, useMemo, useState } from 'preact/hooks';
import { useConsole } from '../state/console.ts';
import { type Palette, readPalette } from './palette.ts';

/** The palette of the theme in force; read again when the theme, the system's setting or the fonts change. */
export function usePalette(): Palette {
  const { theme } = useConsole().preferences;
  const chosen = theme.value;
  const [system, setSystem] = useState(0);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => setSystem((n) => n + 1);
    query.addEventListener('change', changed);
    // Text drawn before the fonts arrived has the wrong width.
    void document.fonts.ready.then(changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    return readPalette((token) => style.getPropertyValue(token).trim());
  }, [chosen, system]);
}
