import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildConsole } from '../../../collector/ui/build.ts';

/** What a first visit loads at most, scripts and styles compressed; fonts, which are kept for good, beside it. */
const FIRST_LOAD_BYTES = 150_000;
const FONT_BYTES = 100_000;

const dir = mkdtempSync(join(tmpdir(), 'console-build-'));
const read = (name: string) => readFileSync(join(dir, name));

before(() => buildConsole(dir));
after(() => rmSync(dir, { recursive: true }));

test('the first load stays within its budget', () => {
  const sizes = ['index.html', 'app.js', 'app.css'].map((name) => gzipSync(read(name)).length);
  const total = sizes.reduce((a, b) => a + b);
  assert.ok(total <= FIRST_LOAD_BYTES, `${total} bytes compressed, ${FIRST_LOAD_BYTES} allowed`);
  const fonts = readdirSync(dir).filter((name) => name.endsWith('.woff2'));
  assert.equal(fonts.length, 2);
  assert.ok(fonts.reduce((sum, name) => sum + read(name).length, 0) <= FONT_BYTES);
});

test('the page asks no other host for anything and needs no inline script or style', () => {
  const page = String(read('index.html'));
  assert.doesNotMatch(page, /<style|style=|<script(?![^>]*src=)|\son\w+=/);
  for (const name of ['index.html', 'app.css']) {
    assert.doesNotMatch(String(read(name)), /(?:src|href)="(?:https?:)?\/\/|url\("?(?:https?:)?\/\//);
  }
  const references = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((m) => m[1]!);
  assert.deepEqual(references.sort(), ['app.css', 'app.js']);
});

test('every bundled package stands with its licence beside the bundle', () => {
  const licences = String(read('third-party-licences.txt'));
  for (const name of [
    'preact',
    '@preact/signals',
    '@preact/signals-core',
    'uplot',
    '@fontsource-variable/inter',
  ]) {
    assert.match(licences, new RegExp(`^${name} \\d`, 'm'));
  }
  assert.match(licences, /SIL OPEN FONT LICENSE/i);
});
