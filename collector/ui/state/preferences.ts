import { effect, type Signal, signal } from '@preact/signals';

/** What the reader chose, kept in this browser. */
export interface Preferences {
  /** Empty: as the system says. */
  theme: Signal<'' | 'light' | 'dark'>;
  shortcuts: Signal<boolean>;
}

interface Kept {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
}

/** Reads the preferences and keeps every change. `store` is localStorage, or absent where the browser forbids it. */
export function createPreferences(store: Kept | undefined, root: { dataset: DOMStringMap }): Preferences {
  const theme = store?.getItem('theme');
  const preferences: Preferences = {
    theme: signal(theme === 'light' || theme === 'dark' ? theme : ''),
    shortcuts: signal(store?.getItem('shortcuts') !== 'off'),
  };
  effect(() => {
    const chosen = preferences.theme.value;
    if (chosen === '') delete root.dataset.theme;
    else root.dataset.theme = chosen;
    if (chosen !== '') store?.setItem('theme', chosen);
  });
  effect(() => store?.setItem('shortcuts', preferences.shortcuts.value ? 'on' : 'off'));
  return preferences;
}
