import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketMatcher, decimal, quote } from '../../slo/index.ts';

test('a text is quoted so that PromQL reads it back, whatever is in it', () => {
  assert.equal(quote('/orders/{id}'), '"/orders/{id}"');
  assert.equal(quote('a"b\\c\nd'), String.raw`"a\"b\\c\nd"`);
});

test('the bucket of whole seconds is found as 1 and as 1.0, any other by its one spelling', () => {
  assert.equal(bucketMatcher(1), String.raw`le=~"1(\\.0)?"`);
  assert.equal(bucketMatcher(0.25), 'le="0.25"');
  assert.equal(bucketMatcher(0.1 + 0.2), 'le="0.3"');
  assert.equal(bucketMatcher(3 * 0.1 * 10), String.raw`le=~"3(\\.0)?"`);
});

test('a number has no noise of binary arithmetic', () => {
  assert.equal(decimal(0.1 + 0.2), '0.3');
});
