import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyMatcher, type KeyBinding } from '../../../collector/ui/keys.ts';

const binding = (keys: string, says = keys): KeyBinding => ({ keys, says, run: () => undefined });
const bindings = [binding('j'), binding('g h'), binding('h'), binding('g t')];

/** Which binding each press completes, half a second apart. */
function press(...keys: string[]): (string | undefined)[] {
  const match = createKeyMatcher();
  return keys.map((key, i) => match(key, i * 500, bindings)?.keys);
}

test('a single key and a pair of keys are told apart', () => {
  assert.deepEqual(press('j'), ['j']);
  assert.deepEqual(press('g', 'h'), [undefined, 'g h']);
  assert.deepEqual(press('h', 'g', 't'), ['h', undefined, 'g t']);
});

test('a pair that is not one lets its second key speak for itself', () => {
  assert.deepEqual(press('g', 'j'), [undefined, 'j']);
  assert.deepEqual(press('g', 'g', 'h'), [undefined, undefined, 'g h']);
});

test('the first key of a pair is forgotten after a while', () => {
  const match = createKeyMatcher();
  assert.equal(match('g', 0, bindings), undefined);
  assert.equal(match('h', 1501, bindings)?.keys, 'h');
});

test('the binding that came last wins', () => {
  const match = createKeyMatcher();
  assert.equal(match('j', 0, [binding('j', 'shell'), binding('j', 'view')])?.says, 'view');
});
