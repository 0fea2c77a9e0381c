/** How many entries a cache keeps and for how long. */
export type CacheOptions = { maxEntries: number };

/** Values under a key until their time is over; the one unused longest goes when there are too many. */
export type Cache<V> = {
  get(key: string, nowMs: number): V | undefined;
  set(key: string, value: V, untilMs: number): void;
  clear(): void;
  readonly size: number;
};

/** An empty cache; it reads no clock of its own. */
export function createCache<V>({ maxEntries }: CacheOptions): Cache<V> {
  // A Map keeps the order in which keys were set: the first is the one unused longest.
  const entries = new Map<string, { value: V; untilMs: number }>();
  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (entry.untilMs <= nowMs) return undefined;
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, untilMs) {
      entries.delete(key);
      entries.set(key, { value, untilMs });
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}
