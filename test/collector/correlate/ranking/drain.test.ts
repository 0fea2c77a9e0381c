import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DRAIN_BOUNDS, Drain, templatesOf } from '../../../../collector/correlate/ranking/drain.ts';
import { LogTemplates } from '../../../../collector/correlate/ranking/log-templates.ts';
import { randomFrom, shuffled } from '../../../helpers/random.ts';

const words = fc.array(
  fc.constantFrom('user', 'alice', 'bob', 'not', 'found', 'in', '<*>', 'cache', 'lost'),
  {
    minLength: 1,
    maxLength: 6,
  },
);
const messages = fc.array(
  words.map((all) => all.join(' ')),
  { maxLength: 60 },
);

test('messages that differ in one word of four are one template, those of other lengths are not', () => {
  const templates = templatesOf(['user alice not found', 'user bob not found', 'user eve was not found']);
  assert.deepEqual(
    [...templates.values()],
    ['user <*> not found', 'user <*> not found', 'user eve was not found'],
  );
});

test('messages that share less than the similarity stay apart, and values are nothing shared', () => {
  const apart = [
    'connection refused',
    'connection lost',
    'order <*> of <*> refused',
    'order <*> of <*> kept',
  ];
  assert.deepEqual(new Set(templatesOf(apart).values()), new Set(apart));
});

test('a message alone is its own template, to the letter', () => {
  for (const alone of ['', ' two  spaces ', 'line\n\tafter line', '<*>'])
    assert.equal(templatesOf([alone]).get(alone), alone);
});

test('a message whose first word has a value is found under any', () => {
  const drain = new Drain();
  const [a, b] = [drain.add('<*>ms spent in the cache'), drain.add('<*>s spent in the cache')];
  assert.equal(a, b);
  assert.equal(drain.template(a), '<*> spent in the cache');
});

test('the templates of messages do not depend on their order, nor on how often each comes', () => {
  fc.assert(
    fc.property(messages, fc.nat(), (all, seed) => {
      const other = shuffled([...all, ...all], randomFrom(seed));
      assert.deepEqual(templatesOf(other), templatesOf(all));
    }),
    { numRuns: 60 },
  );
});

test('every message fits its template word by word, and a template of several keeps enough of its words', () => {
  fc.assert(
    fc.property(messages, (all) => {
      const templates = templatesOf(all);
      for (const [message, template] of templates) {
        const [said, kept] = [message.split(' '), template.split(' ')];
        assert.equal(said.length, kept.length);
        for (const [i, word] of kept.entries()) assert.ok(word === '<*>' || word === said[i]);
        const shared = kept.filter((word) => word !== '<*>').length / kept.length;
        assert.ok(message === template || shared >= DRAIN_BOUNDS.similarity, `${message}: ${template}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('templates, branches and messages beyond the bounds are held and counted', () => {
  const drain = new Drain({ similarity: 0.6, children: 3, templates: 5 });
  const numbers = Array.from({ length: 40 }, (_, i) => drain.add(`w${'x'.repeat(i)} begins`));
  assert.deepEqual(new Set(numbers), new Set([0, 1, 2, 3, 4]));
  assert.equal(drain.template(4), '<*>');
  assert.equal(drain.beyond, 36);
});

/** Numbers by text, and how many texts each template has. */
function numbered(texts: readonly string[], maxTexts: number) {
  const templates = new LogTemplates(maxTexts);
  let next = 0;
  const numbers = texts.map((text) => templates.add('shop WARN', text, () => next++));
  return { numbers, settled: templates.settle().templates };
}

test('texts are numbered one by one and settle into templates; too many join a template at once', () => {
  const texts = Array.from({ length: 50 }, (_, i) => `user u${String.fromCharCode(97 + i)}x not found`);
  const few = numbered(texts, 100);
  assert.equal(new Set(few.numbers).size, 50);
  assert.deepEqual(few.settled, [{ template: 'user <*> not found', numbers: few.settled[0]!.numbers }]);
  assert.equal(few.settled[0]!.numbers.length, 50);
  const many = numbered(texts, 10);
  assert.equal(new Set(many.numbers).size, 11);
  assert.equal(many.settled.length, 1);
  assert.equal(many.settled[0]!.numbers.length, 11);
});

test('what one service writes is no template of another', () => {
  const templates = new LogTemplates();
  let next = 0;
  for (const scope of ['shop', 'stock'])
    for (const who of ['alice', 'bob']) templates.add(scope, `user ${who} not found`, () => next++);
  assert.deepEqual(
    templates.settle().templates.map(({ numbers }) => numbers),
    [
      [0, 1],
      [2, 3],
    ],
  );
});

test('texts for which a scope has no room are counted', () => {
  const templates = new LogTemplates();
  let next = 0;
  const text = (i: number) => 'x'.repeat(i + 1);
  for (let i = 0; i < 1010; i++) templates.add('shop', text(i), () => next++);
  const { templates: settled, beyond } = templates.settle();
  assert.equal(settled.length, DRAIN_BOUNDS.templates);
  assert.equal(beyond, 11);
});
