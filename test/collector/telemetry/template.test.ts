import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { messageTemplate } from '../../../collector/telemetry/template.ts';

test('messages that differ in their values alone have one template', () => {
  for (const [a, b] of [
    ['order 17 took 3.5 ms', 'order 9001 took 120 ms'],
    ['user "Ann" left', 'user "Bob B." left'],
    ['trace 4bf92f3577b34da6a3ce929d0e0e4736 kept', 'trace 00f067aa0ba902b7 kept'],
    ['dial tcp 10.0.0.1:6379: refused', 'dial tcp 10.20.30.40:16379: refused'],
    ['id 7d8f0a2c-1111-4222-8333-444455556666 gone', 'id 00000000-aaaa-4bbb-8ccc-dddddddddddd gone'],
  ]) {
    assert.equal(messageTemplate(a!), messageTemplate(b!));
    assert.match(messageTemplate(a!), /<\*>/);
  }
});

test('words stay apart: another message is another template', () => {
  assert.notEqual(messageTemplate('dial failed'), messageTemplate('read failed'));
  assert.equal(messageTemplate('feed added face decade'), 'feed added face decade');
});

test('the template of a template is itself, whatever the message', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...'"\'<*>.:/-_ 019afxK\n',
      'ä',
      '7d8f0a2c-1111-4222-8333-444455556666',
      '<*>',
      'deadbeef',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const message = fc.array(piece, { maxLength: 700, size: 'max' }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(message, (text) => {
      assert.equal(messageTemplate(messageTemplate(text)), messageTemplate(text));
    }),
    { numRuns: 100 },
  );
});
