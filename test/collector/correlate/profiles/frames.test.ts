import assert from 'node:assert/strict';
import test from 'node:test';
import {
  placesIn,
  shortName,
  waitReasonOf,
  waitsAt,
} from '../../../../collector/correlate/profiles/frames.ts';

const stack = (...calls: string[]) =>
  calls.map((call) => {
    const [name = '', file = ''] = call.split('@@');
    return { name, file, line: 1 };
  });
const placesOf = placesIn().of;

const REDIS =
  'github.com/redis/go-redis/v9/internal/pool.(*ConnPool).waitTurn@@/root/go/pkg/mod/github.com/redis/go-redis/v9@v9.7.0/internal/pool/pool.go';

test('a stack belongs to its innermost call of own code, whatever the module is called', () => {
  const own = ['example.com/shop/internal/orders.(*Store).Get', 'shop/internal/server.verify'];
  const sample = stack('runtime.gopark', REDIS, ...own, 'net/http.(*conn).serve');
  assert.deepEqual(placesOf(sample), own);
});

test('without own code it belongs to a dependency, and without that to the call it began with', () => {
  assert.match(placesOf(stack('runtime.gopark', REDIS, 'net/http.serve'))[0]!, /waitTurn$/);
  const vendored = 'b.com/x.f@@/src/shop/vendor/b.com/x/f.go';
  assert.deepEqual(placesOf(stack(vendored, 'main.main')), ['main.main']);
  assert.deepEqual(placesOf(stack('runtime.scanobject', 'runtime.gcDrain', 'runtime.gcBgMarkWorker')), [
    'runtime.gcBgMarkWorker',
  ]);
  assert.deepEqual(placesOf(stack()), ['unknown']);
});

test('what a goroutine waits for is told in the words of Go', () => {
  const reasons: [string[], string][] = [
    [['runtime.gopark', 'internal/sync.(*Mutex).lockSlow', 'sync.(*Mutex).Lock', 'a.f'], 'sync.Mutex.Lock'],
    [
      ['runtime.gopark', 'sync.runtime_SemacquireRWMutexR', 'sync.(*RWMutex).RLock', 'a.f'],
      'sync.RWMutex.RLock',
    ],
    [
      ['runtime.gopark', 'runtime.netpollblock', 'internal/poll.runtime_pollWait', 'net.(*conn).Read'],
      'IO wait',
    ],
    [['runtime.gopark', 'runtime.selectgo', 'a.f'], 'select'],
    [['runtime.gopark', 'a.unheardOf'], 'waiting'],
    [['a.f', 'sync.(*WaitGroup).Wait'], 'running'],
    [['syscall.Syscall6', 'os.(*File).Read'], 'syscall'],
  ];
  for (const [calls, reason] of reasons) assert.equal(waitReasonOf(stack(...calls)), reason, calls.join());
});

test('where it waits is the first call that is no machinery of waiting', () => {
  assert.equal(
    waitsAt(stack('runtime.gopark', 'internal/poll.runtime_pollWait', 'net.(*conn).Read', 'a.f')),
    'net.(*conn).Read',
  );
  assert.equal(waitsAt(stack('runtime.gopark')), 'runtime.gopark');
});

test('a short name has no path, and keeps its type arguments', () => {
  assert.equal(shortName('example.com/shop/internal/orders.(*Store).Get.func1'), 'orders.(*Store).Get.func1');
  assert.equal(shortName('example.com/a.Map[example.com/b.K]'), 'a.Map[example.com/b.K]');
});
