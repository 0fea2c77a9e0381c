import { useEffect, useRef } from 'preact/hooks';
import { useConsole } from '../state/console.ts';

/** All keys that work in the open view, and the switch that turns them off. */
export function Help({ onClose }: { onClose: () => void }) {
  const app = useConsole();
  const dialog = useRef<HTMLDialogElement>(null);
  const { shortcuts } = app.preferences;
  useEffect(() => dialog.current?.showModal(), []);
  const bindings = new Map(app.bindings.value.map((b) => [b.keys, b.says]));
  return (
    <dialog class="help" ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <div class="hd">
        <h2 id="help-title">Keys</h2>
        <button type="button" class="btn" onClick={() => dialog.current?.close()}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <dl>
        {[...bindings].map(([keys, says]) => (
          <>
            <dt key={keys}>
              <kbd>{keys === 'Escape' ? 'Esc' : keys}</kbd>
            </dt>
            <dd>{says}</dd>
          </>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={(event) => {
            shortcuts.value = event.currentTarget.checked;
          }}
        />
        Shortcuts work (except ?)
      </label>
    </dialog>
  );
}
