import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Manifest, parseManifest, renderManifest } from '../../scaffold/src/manifest.ts';

const manifest: Manifest = {
  generator: 'create-go-sre-service@1.2.3',
  answers: {
    name: 'orders',
    module: 'example.com/orders',
    port: 8080,
    router: 'gin',
    with: ['postgres', 'redis'],
    ci: ['github'],
  },
  files: { 'go.mod': 'ab', 'cmd/orders/main.go': 'cd' },
};

test('a manifest is read as it was written', () => {
  assert.deepEqual(parseManifest(renderManifest(manifest)), manifest);
});

test('a manifest from before there was a choice of router and CI has net/http and no pipeline', () => {
  const { router: _, ci: __, ...older } = manifest.answers;
  const read = parseManifest(JSON.stringify({ ...manifest, answers: older }));
  assert.deepEqual(read.answers, { ...manifest.answers, router: 'nethttp', ci: [] });
});

const edits: [title: string, edit: object, says: RegExp][] = [
  [
    'an unknown answer',
    { answers: { ...manifest.answers, colour: 'red' } },
    /answers\.colour is an unknown key/,
  ],
  ['an unknown key', { owner: 'me' }, /\n {2}owner is an unknown key/],
  [
    'a port that is a text',
    { answers: { ...manifest.answers, port: '8080' } },
    /answers\.port is not a whole/,
  ],
  [
    'options that are no list',
    { answers: { ...manifest.answers, with: 'redis' } },
    /answers\.with is not a list/,
  ],
  [
    'a router that is a list',
    { answers: { ...manifest.answers, router: ['gin'] } },
    /answers\.router is not a text/,
  ],
  ['no answers', { answers: undefined }, /answers is not an object/],
  ['a file without a sum', { files: { 'go.mod': null } }, /files\["go\.mod"\] is not a text/],
];

for (const [title, edit, says] of edits) {
  test(`a manifest with ${title} is refused, with the path and a remedy`, () => {
    assert.throws(
      () => parseManifest(JSON.stringify({ ...manifest, ...edit }), '/s/manifest.json'),
      (error: Error) => {
        assert.match(error.message, /^\/s\/manifest\.json is not as it was written:\n/);
        assert.match(error.message, says);
        assert.match(error.message, /version control/);
        return true;
      },
    );
  });
}

test('a manifest that is no JSON is refused as such', () => {
  assert.throws(() => parseManifest('{', 'm.json'), /^CliError: m\.json is no JSON: .*version control/s);
});
