import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useKeys } from '../state/use-keys.ts';

interface FieldProps {
  label: string;
  name: string;
  value: string;
  placeholder?: string;
  wide?: boolean;
  inputMode?: 'numeric';
}

/** A labelled text field of a search form. */
export function Field({ label, name, value, placeholder, wide, inputMode }: FieldProps) {
  return (
    <label class={wide ? 'qf-f qf-wide' : 'qf-f'}>
      <span class="xs t3">{label}</span>
      <input class="fld" name={name} defaultValue={value} placeholder={placeholder} inputMode={inputMode} />
    </label>
  );
}

interface SelectProps {
  label: string;
  name: string;
  value: string;
  options: readonly { value: string; name: string }[];
}

/** A labelled list of choices of a search form. */
export function Choice({ label, name, value, options }: SelectProps) {
  return (
    <label class="qf-f">
      <span class="xs t3">{label}</span>
      <select class="fld" name={name} value={value}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface SearchFormProps {
  label: string;
  children: ComponentChildren;
  onSearch: (data: FormData) => void;
}

/** A search form: `/` goes to its first field, Enter searches. Its fields are read when it is sent. */
export function SearchForm({ label, children, onSearch }: SearchFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const toFirst = () => form.current?.querySelector('input')?.select();
  useKeys([{ keys: '/', says: 'search', run: toFirst, hint: ['/', 'search'] }]);
  const send = (event: Event) => {
    event.preventDefault();
    if (form.current) onSearch(new FormData(form.current));
  };
  return (
    <search>
      <form class="qf" aria-label={label} ref={form} onSubmit={send}>
        {children}
        <button type="submit" class="btn pri">
          Search <kbd class="pk">Enter</kbd>
        </button>
      </form>
    </search>
  );
}

/** The text of a field, without blanks around it. */
export function fieldText(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
