import type { Frame } from '../../formats/pprof/profile.ts';

/** Whose code a call is: the service's own, a module's it depends on, or Go's. */
type Origin = 'own' | 'dependency' | 'go';

/** First parts of the paths of Go's own packages. Source: https://pkg.go.dev/std */
const STANDARD = new Set(
  `archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag
  fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices
  sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak`.split(/\s+/),
);

/** In module mode the files of dependencies lie below MODULE@VERSION, or below vendor/; those of the service do not. */
const DEPENDENCY_FILE = /@v\d|\/vendor\//;

function originOf({ name, file }: Frame): Origin {
  const [first = ''] = name.split(/[/.]/, 1);
  // Neither a C function nor an address has a package.
  if (STANDARD.has(first) || !name.includes('.')) return 'go';
  return DEPENDENCY_FILE.test(file) ? 'dependency' : 'own';
}

/** Where stacks belong. */
export interface Places {
  /**
   * The calls of a stack in the service's own code, innermost first, each once; without any, the innermost in a
   * dependency; without that, the call that it began with.
   */
  of(frames: readonly Frame[]): string[];
  /** Does a stack pass through the service's own code? */
  hasOwn(frames: readonly Frame[]): boolean;
}

/** Tells where the stacks of one profile belong: it has a few thousand calls, which are met a hundred times each. */
export function placesIn(): Places {
  const origins = new Map<Frame, Origin>();
  const isFrom = (frame: Frame, origin: Origin) => {
    let known = origins.get(frame);
    if (known === undefined) {
      known = originOf(frame);
      origins.set(frame, known);
    }
    return known === origin;
  };
  return {
    of: (frames) => {
      const own = new Set<string>();
      for (const frame of frames) if (isFrom(frame, 'own')) own.add(frame.name);
      if (own.size > 0) return [...own];
      const other = frames.find((frame) => isFrom(frame, 'dependency')) ?? beginning(frames);
      return [other?.name ?? 'unknown'];
    },
    hasOwn: (frames) => frames.some((frame) => isFrom(frame, 'own')),
  };
}

/** The first call of a goroutine, below what every goroutine begins with. */
function beginning(frames: readonly Frame[]): Frame | undefined {
  return (
    frames.findLast(({ name }) => name !== 'runtime.goexit' && name !== 'runtime.mcall') ?? frames.at(-1)
  );
}

/** Calls that park a goroutine, and Go's own words for why. Source: waitReasonStrings in Go's src/runtime/runtime2.go. */
const WAITS: Readonly<Record<string, string>> = {
  'sync.(*Mutex).Lock': 'sync.Mutex.Lock',
  'sync.(*RWMutex).Lock': 'sync.RWMutex.Lock',
  'sync.(*RWMutex).RLock': 'sync.RWMutex.RLock',
  'sync.(*WaitGroup).Wait': 'sync.WaitGroup.Wait',
  'sync.(*Cond).Wait': 'sync.Cond.Wait',
  'runtime.chanrecv': 'chan receive',
  'runtime.chansend': 'chan send',
  'runtime.selectgo': 'select',
  'runtime.block': 'select (no cases)',
  'internal/poll.runtime_pollWait': 'IO wait',
  'time.Sleep': 'sleep',
  'runtime.gcBgMarkWorker': 'GC worker (idle)',
  'runtime.forEachP': 'system goroutine',
};
const LOCKS: ReadonlySet<string> = new Set(['sync.Mutex.Lock', 'sync.RWMutex.Lock', 'sync.RWMutex.RLock']);

/** What a goroutine waits for; `running` when it does not, `waiting` when its stack does not tell. */
export function waitReasonOf(frames: readonly Frame[]): string {
  const known = frames.find(({ name }) => Object.hasOwn(WAITS, name));
  // Below a parked call everything else is its caller; without one the goroutine may have called Lock long before.
  const parked = frames[0]?.name === 'runtime.gopark';
  if (!parked) return frames[0]?.name.startsWith('syscall.') ? 'syscall' : 'running';
  return known ? WAITS[known.name]! : 'waiting';
}

/** Is it a lock that goroutines of this reason wait for? */
export function isLockWait(reason: string): boolean {
  return LOCKS.has(reason);
}

/** The innermost call that is not the machinery of waiting: `net.(*conn).Read`. */
export function waitsAt(frames: readonly Frame[]): string {
  return (
    (frames.find(({ name }) => !/^(?:runtime|internal\/[a-z]+)\./.test(name)) ?? frames.at(-1))?.name ?? ''
  );
}

/** A name without the path of its package: `orders.(*Store).Get`. Slashes of type arguments do not count. */
export function shortName(name: string): string {
  const [path = ''] = name.split('[', 1);
  return name.slice(path.lastIndexOf('/') + 1);
}
