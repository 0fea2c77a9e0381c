import type { Store, TimeRange } from '../../storage/store.ts';
import { NANOS_PER_SECOND } from '../../telemetry/clock.ts';
import type { InstanceProfiles } from './summary.ts';

/** Sets of one service that are kept of each occasion; the oldest makes room. */
const SLOTS = 4;
const SCHEMA = 'go-sre.profiles/v1';
/** Telemetry of a moment arrives before its profiles, which take seconds to be taken. */
const AFTER_NANO = 60n * NANOS_PER_SECOND;

export type Occasion = 'quiet' | 'incident';

/** The profiles of a service's processes, taken in one go. */
export interface ProfileSet {
  service: string;
  occasion: Occasion;
  takenUnixNano: bigint;
  /** Processes that are known; not all of them are profiled. */
  known: number;
  instances: InstanceProfiles[];
}

const idOf = (service: string, occasion: Occasion, slot: number) => `${service}/${occasion}/${slot}`;

/** The kept sets of a service, newest first; what another version stored unreadably is left out. */
export async function profileSets(
  store: Pick<Store, 'list'>,
  service: string,
  occasion: Occasion,
): Promise<ProfileSet[]> {
  const slots = await slotsOf(store, service, occasion);
  const sets = slots.flatMap(({ bytes }) => (bytes && parse(bytes)) ?? []);
  return sets.sort((a, b) => (a.takenUnixNano < b.takenUnixNano ? 1 : -1));
}

/** Keeps a set, in the place of the oldest one when there are enough. */
export async function keepProfiles(store: Pick<Store, 'put' | 'list'>, set: ProfileSet): Promise<void> {
  const slots = await slotsOf(store, set.service, set.occasion);
  const [free] = slots.toSorted((a, b) => (a.timeUnixNano < b.timeUnixNano ? -1 : 1));
  const text = JSON.stringify({ schema: SCHEMA, ...set, takenUnixNano: String(set.takenUnixNano) });
  await store.put('profile', { id: free!.id, timeUnixNano: set.takenUnixNano, bytes: Buffer.from(text) });
}

/** What an incident is explained with: the first set taken in it, and the quiet ones from before it, newest first. */
export async function profilesOf(
  store: Pick<Store, 'list'>,
  service: string,
  incident: TimeRange,
  quietUntilUnixNano: bigint,
): Promise<{ taken: ProfileSet | undefined; quiet: ProfileSet[] }> {
  const during = (await profileSets(store, service, 'incident')).filter(
    ({ takenUnixNano: at }) => at >= incident.fromUnixNano && at <= incident.toUnixNano + AFTER_NANO,
  );
  const quiet = (await profileSets(store, service, 'quiet')).filter(
    ({ takenUnixNano }) => takenUnixNano <= quietUntilUnixNano,
  );
  return { taken: during.at(-1), quiet };
}

async function slotsOf(store: Pick<Store, 'list'>, service: string, occasion: Occasion) {
  const slots = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const id = idOf(service, occasion, slot);
    const [document] = await store.list('profile', { id, limit: 1 });
    slots.push({ id, timeUnixNano: document?.timeUnixNano ?? -1n, bytes: document?.bytes });
  }
  return slots;
}

function parse(bytes: Uint8Array): ProfileSet | undefined {
  try {
    const { schema, takenUnixNano, ...set } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return schema === SCHEMA ? { ...set, takenUnixNano: BigInt(takenUnixNano) } : undefined;
  } catch {
    return undefined;
  }
}
