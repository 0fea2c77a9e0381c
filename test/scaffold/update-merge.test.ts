import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareGoVersions, compareVersions } from '../../scaffold/src/go/version.ts';
import { mergeFile } from '../../scaffold/src/merge/file.ts';
import { mergeGoMod, mergeGoSum } from '../../scaffold/src/merge/go-mod.ts';
import { mergeSlo } from '../../scaffold/src/merge/slo.ts';
import { conflictLines, lineMerge, mergeText } from '../../scaffold/src/merge/text.ts';
import { unifiedDiff } from '../../scaffold/src/merge/unified-diff.ts';

const label = 'create-go-sre-service@1.2.3';

function merge(base: string | undefined, ours: string, theirs: string) {
  return mergeText({ base, ours, theirs }, lineMerge(label));
}

/** Texts whose lines repeat, as code has it, with and without an end of the last line, in both kinds of line ends. */
const anyText = fc
  .tuple(
    fc.array(fc.constantFrom('', '}', '\treturn nil', 'a', 'b', 'c', '\t}'), { maxLength: 14 }),
    fc.boolean(),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([lines, ended, end]) => lines.join(end) + (ended ? end : ''));

/** What a user wrote: lines that stand in no other version. */
const ownLines = fc.array(fc.nat({ max: 14 }), { minLength: 1, maxLength: 4 });

function withOwnLines(text: string, places: readonly number[]) {
  const lines = text.split('\n');
  const own = places.map((place, i) => {
    lines.splice(Math.min(place, lines.length), 0, `mine ${i}`);
    return `mine ${i}`;
  });
  return { text: lines.join('\n'), own };
}

test('a line that only the user wrote is never missing, whatever the template did', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, ownLines, fc.boolean(), (base, ours, theirs, places, emitted) => {
      const mine = withOwnLines(ours, places);
      const { text } = merge(emitted ? base : undefined, mine.text, theirs);
      for (const line of mine.own) assert.ok(text.includes(line), `${line} is lost in\n${text}`);
    }),
    { numRuns: 2_000 },
  );
});

test('what only one side changed is taken as it is, to the byte', () => {
  fc.assert(
    fc.property(anyText, anyText, (base, other) => {
      assert.deepEqual(merge(base, other, base), { text: other, conflicts: [] });
      assert.equal(merge(base, base, other).conflicts.length, 0);
      assert.equal(merge(base, base, other).text.replaceAll('\r', ''), other.replaceAll('\r', ''));
      assert.deepEqual(merge(base, other, other), { text: other, conflicts: [] });
    }),
    { numRuns: 1_000 },
  );
});

test('a template that adds nothing after a merge changes nothing more', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (base, ours, theirs) => {
      const { text } = merge(base, ours, theirs);
      assert.deepEqual(merge(theirs, text, theirs), { text, conflicts: [] });
    }),
    { numRuns: 1_000 },
  );
});

test('edits with an untouched line between them never conflict, and both are there', () => {
  const lines = Array.from({ length: 12 }, (_, i) => `line ${i}`);
  const edit = fc.constantFrom('replaced', 'removed', 'followed');
  const edits = fc.array(fc.tuple(fc.constantFrom('ours', 'theirs'), edit), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(edits, (list) => {
      const versions = { ours: [...lines], theirs: [...lines], both: [...lines] };
      for (const [i, [side, what]] of list.entries()) {
        for (const version of [side as 'ours' | 'theirs', 'both'] as const) {
          const at = versions[version].indexOf(`line ${i * 2}`);
          if (what === 'replaced') versions[version][at] = `${side} ${i}`;
          else
            versions[version].splice(
              at + (what === 'removed' ? 0 : 1),
              what === 'removed' ? 1 : 0,
              ...(what === 'removed' ? [] : [`${side} ${i}`]),
            );
        }
      }
      const [base, ours, theirs, both] = [lines, versions.ours, versions.theirs, versions.both].map(
        (all) => `${all.join('\n')}\n`,
      );
      assert.deepEqual(merge(base, ours!, theirs!), { text: both, conflicts: [] });
    }),
  );
});

test('a conflict shows yours, the base and the template between the markers of git, and its line', () => {
  const merged = merge('a\nb\nc\n', 'a\nmine\nc\n', 'a\nnew\nc\n');
  assert.equal(merged.text, `a\n<<<<<<< yours\nmine\n||||||| base\nb\n=======\nnew\n>>>>>>> ${label}\nc\n`);
  assert.deepEqual(merged.conflicts, [2]);
  assert.deepEqual(conflictLines(merged.text), [2]);
});

test('lines that both sides wrote alike at the edge of a conflict stand outside of it, once', () => {
  const merged = merge('a\n', 'import x\nmine\n}\n', 'import x\nnew\n}\n');
  assert.match(merged.text, /^import x\n<<<<<<< yours\nmine\n\|{7} base\na\n=======\nnew\n>{7} .*\n}\n$/);
});

test('a file the user made where the template has a new one keeps what both have, and shows the rest', () => {
  const merged = merge(undefined, 'package x\n\nmine\n', 'package x\n\ntheirs\n');
  assert.equal(
    merged.text,
    `package x\n\n<<<<<<< yours\nmine\n||||||| base\n=======\ntheirs\n>>>>>>> ${label}\n`,
  );
});

test('a CRLF file stays one, its edits and conflicts included', () => {
  const ours = 'a\r\nmine\r\nc\r\nd\r\n';
  assert.equal(merge('a\nb\nc\nd\n', ours, 'a\nb\nc\nnew\n').text, 'a\r\nmine\r\nc\r\nnew\r\n');
  const conflict = merge('a\nb\nc\nd\n', ours, 'a\nnew\nc\nd\n').text;
  assert.equal(conflict.split('\n').length - 1, conflict.split('\r\n').length - 1);
  assert.equal(merge('a\nb\n', 'a\r\nb\r\n', 'a\nb\nc\n').text, 'a\r\nb\r\nc\r\n');
});

test('a missing end of the last line is an edit like any other', () => {
  assert.equal(merge('a\nb\n', 'a\nb', 'new\nb\n').text, 'new\nb');
  assert.equal(merge('a\nb', 'mine\nb', 'a\nb\n').text, 'mine\nb\n');
  assert.ok(merge('b', 'mine', 'new').text.endsWith('\n'));
});

test('two large files without a line in common are one conflict, and nothing is lost', () => {
  const text = (word: string) => Array.from({ length: 30_000 }, (_, i) => `${word} ${i}`).join('\n');
  const merged = merge(text('base'), text('mine'), text('new'));
  assert.equal(merged.conflicts.length, 1);
  assert.equal(merged.text.match(/^mine /gm)?.length, 30_000);
  const repeated = merge('x\n'.repeat(150_000), `mine\n${'x\n'.repeat(150_001)}`, 'x\n'.repeat(150_000));
  assert.equal(repeated.conflicts.length, 0);
});

test('ignore files take the patterns of both sides where a line merge conflicts', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const versions = {
    base: bytes('/shop\n*.log\n'),
    ours: bytes('/shop\n/mine\n'),
    theirs: bytes('/shop\n*.log\n/new\n'),
  };
  const merged = mergeFile('deploy/.dockerignore', versions, label);
  assert.equal(Buffer.from(merged.bytes).toString(), '/shop\n/mine\n/new\n');
  assert.deepEqual(merged.conflicts, []);
});

test('what is no UTF-8 text is not merged: the user keeps theirs, and gets the new one beside it', () => {
  const [base, ours, theirs] = [Buffer.from([0, 1]), Buffer.from([0, 2]), Buffer.from([0xff, 3])];
  const merged = mergeFile('logo.png', { base, ours, theirs }, label);
  assert.deepEqual([merged.bytes, merged.beside, merged.conflicts], [ours, theirs, [1]]);
  assert.deepEqual(mergeFile('logo.png', { base, ours: base, theirs }, label).bytes, theirs);
  assert.deepEqual(mergeFile('logo.png', { base, ours, theirs: base }, label).bytes, ours);
});

const goMod = (requirements: string, rest = '') => `module example.com/shop

go 1.26.0

require (
	example.org/a v1.2.0
	example.org/c v1.0.0 // pinned: see the wiki
${requirements})

require (
	example.org/x v0.1.0 // indirect
	example.org/y v0.1.0 // indirect
)
${rest}`;

test('go.mod: the modules of both sides, the higher version, direct before indirect, comments and order kept', () => {
  const ours = goMod('\texample.org/mine v3.0.0\n', '\nreplace example.org/a => ../a\n')
    .replace('example.org/x v0.1.0 // indirect', 'example.org/x v0.9.0')
    .replace('go 1.26.0', 'go 1.26.0\n\ntoolchain go1.26.8');
  const theirs = goMod('\texample.org/new v1.0.0\n')
    .replace('example.org/a v1.2.0', 'example.org/a v1.10.0')
    .replace('example.org/c v1.0.0', 'example.org/c v1.1.0')
    .replace('example.org/x v0.1.0', 'example.org/x v0.2.0')
    .replace(
      '\texample.org/y v0.1.0 // indirect\n',
      '\texample.org/w v0.1.0 // indirect\n\texample.org/z v0.1.0 // indirect\n',
    )
    .replace('go 1.26.0', 'go 1.27.0');
  assert.equal(
    mergeGoMod({ base: goMod(''), ours, theirs }),
    `module example.com/shop

go 1.27.0

toolchain go1.26.8

require (
	example.org/a v1.10.0
	example.org/c v1.1.0 // pinned: see the wiki
	example.org/mine v3.0.0
	example.org/new v1.0.0
)

require (
	example.org/w v0.1.0 // indirect
	example.org/x v0.9.0
	example.org/y v0.1.0 // indirect
	example.org/z v0.1.0 // indirect
)

replace example.org/a => ../a
`,
  );
});

test('go.mod: what the user removed stays away, and an indirect requirement that became direct moves', () => {
  const ours = goMod('').replace('\texample.org/a v1.2.0\n', '');
  const theirs = goMod('\texample.org/x v0.1.0\n')
    .replace('\texample.org/x v0.1.0 // indirect\n', '')
    .replace('a v1.2.0', 'a v1.3.0');
  assert.equal(mergeGoMod({ base: goMod(''), ours, theirs }), theirs.replace('\texample.org/a v1.3.0\n', ''));
});

test('go.mod: whatever both sides require, each module is there once, and none of the user is missing or lower', () => {
  const versions = fc.constantFrom('v0.1.0', 'v1.0.0', 'v1.2.0-rc.1', 'v1.2.0', 'v2.0.0+incompatible');
  const modules = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    fc.tuple(versions, fc.boolean()),
  );
  const text = (all: Record<string, [string, boolean]>) =>
    `module m\n\nrequire (\n${Object.entries(all)
      .map(
        ([name, [version, indirect]]) =>
          `\texample.org/${name} ${version}${indirect ? ' // indirect' : ''}\n`,
      )
      .join('')})\n`;
  fc.assert(
    fc.property(modules, modules, modules, (base, ours, theirs) => {
      const merged = mergeGoMod({ base: text(base), ours: text(ours), theirs: text(theirs) })!;
      const found = [...merged.matchAll(/example\.org\/(\w) (\S+)/g)].map(
        ([, name, version]) => [name!, version!] as const,
      );
      assert.equal(new Set(found.map(([name]) => name)).size, found.length, merged);
      const versionsFound = new Map(found);
      for (const [name, [version]] of Object.entries(ours)) {
        assert.ok(
          compareVersions(versionsFound.get(name) ?? '', version) >= 0,
          `${name} ${version} in ${merged}`,
        );
      }
    }),
  );
});

test('a go.mod that cannot be read is merged by line', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const versions = {
    base: bytes(goMod('')),
    ours: bytes(`${goMod('')}require (\n`),
    theirs: bytes(goMod('').replace('a v1.2.0', 'a v1.3.0')),
  };
  const merged = Buffer.from(mergeFile('go.mod', versions, label).bytes).toString();
  assert.match(merged, /a v1\.3\.0/);
  assert.ok(merged.endsWith('require (\n'));
});

test('go.sum is the lines of both sides in the order of Go', () => {
  const ours = 'b v1.0.0 h1:b=\na v1.9.0/go.mod h1:a=\n';
  const theirs = 'a v1.10.0/go.mod h1:c=\na v1.10.0 h1:d=\na v1.9.0/go.mod h1:a=\n';
  const sorted = ['a v1.9.0/go.mod h1:a=', 'a v1.10.0 h1:d=', 'a v1.10.0/go.mod h1:c=', 'b v1.0.0 h1:b='];
  assert.equal(mergeGoSum({ base: '', ours, theirs }), `${sorted.join('\n')}\n`);
});

test('versions are ordered as Go orders them', () => {
  const ascending = [
    'v0.0.0-20240101000000-abcdef',
    'v0.0.0-20251231000000-000000',
    'v1.0.0-alpha.2',
    'v1.0.0-alpha.10',
    'v1.0.0-rc.1',
    'v1.0.0',
    'v1.2.0',
    'v1.10.0',
    'v2.0.0+incompatible',
  ];
  for (let i = 1; i < ascending.length; i++)
    assert.ok(compareVersions(ascending[i - 1]!, ascending[i]!) < 0, ascending[i]);
  const go = ['1.9', '1.21', '1.26.0', '1.26.8', '1.27rc1', '1.27.0'];
  for (let i = 1; i < go.length; i++) assert.ok(compareGoVersions(go[i - 1]!, go[i]!) < 0, go[i]);
});

const slo = (id: string, objective: number) =>
  `    {"id":"${id}","kind":"availability","route":"/<id>","objective":${objective},"window":"30d"}`.replace(
    '<id>',
    '\\u003cid\\u003e',
  );
const spec = (owner: string, ...slos: string[]) => `{
  "schema": "go-sre.slo/v1",
  "service": "shop",
  "owner": "${owner}",
  "slos": [
${slos.join(',\n')}
  ]
}
`;

test('slo.json: text is escaped as encoding/json of Go escapes it', () => {
  const base = spec('team', slo('a', 0.9));
  const theirs = spec('team', slo('a', 0.9), slo('b', 0.9));
  const odd = 'a<b>&"\\\u2028\u2029\u0001\t\u007fé';
  const merged = mergeSlo({ base, ours: spec(JSON.stringify(odd).slice(1, -1), slo('a', 0.9)), theirs });
  // What json.Marshal of Go 1.26 gave for the same text.
  const byGo = `${String.raw`"a\u003cb\u003e\u0026\"\\\u2028\u2029\u0001\t`}\u007fé"`;
  assert.ok(merged?.text.includes(`"owner": ${byGo},`), merged?.text);
});

test('slo.json: the objectives of both sides in their order, byte for byte as the service prints them', () => {
  const base = spec('team', slo('a', 0.9), slo('b', 0.9), slo('c', 0.9));
  const ours = spec('me', slo('a', 0.99), slo('mine', 0.5), slo('c', 0.9));
  const theirs = spec('team', slo('new', 0.9), slo('a', 0.9), slo('b', 0.9), slo('newer', 0.9));
  const merged = mergeSlo({ base, ours, theirs });
  assert.equal(
    merged?.text,
    spec('me', slo('new', 0.9), slo('a', 0.99), slo('newer', 0.9), slo('mine', 0.5)),
  );
  assert.deepEqual(merged?.conflicts, []);
});

test("slo.json: an objective that both sides changed stays the user's, is told, and the file stays JSON", () => {
  const [base, ours, theirs] = [0.9, 0.95, 0.99].map((objective) => spec('team', slo('a', objective)));
  const merged = mergeSlo({ base: base!, ours: ours!, theirs: theirs! });
  assert.equal(merged?.text, ours);
  assert.deepEqual(merged?.conflicts, [6]);
  assert.deepEqual(merged?.undecided, ['objective of a: 0.95 is yours and stays, the template has 0.99']);
});

const entry = (pattern: string, handler: string) =>
  `\t\t{"${pattern}", ${handler}(d), slo.None, telemetry.Default},`;
const table = (...entries: string[]) =>
  `func routes(d Deps) []Route {\n\treturn []Route{\n${entries.join('\n')}\n\t}\n}\n`;

function mergeTables(base: string, ours: string, theirs: string) {
  const [o, a, b] = [base, ours, theirs].map((text) => new TextEncoder().encode(text));
  const merged = mergeFile('internal/server/routes.go', { base: o!, ours: a!, theirs: b! }, label);
  return { text: Buffer.from(merged.bytes).toString(), conflicts: merged.conflicts.length };
}

test('a route that was added beside one that the template changed is no conflict', () => {
  const base = table(entry('GET /a', 'a'), entry('GET /b', 'b'));
  const ours = table(entry('GET /a', 'a'), entry('GET /mine', 'mine'), entry('GET /b', 'mine'));
  const theirs = table(entry('GET /a', 'new'), entry('GET /b', 'b'), entry('GET /new', 'new'));
  const both = table(
    entry('GET /a', 'new'),
    entry('GET /mine', 'mine'),
    entry('GET /b', 'mine'),
    entry('GET /new', 'new'),
  );
  assert.deepEqual(mergeTables(base, ours, theirs), { text: both, conflicts: 0 });
});

test('a route that both sides changed, or changed and removed, is a conflict', () => {
  const base = table(entry('GET /a', 'a'));
  for (const theirs of [table(entry('GET /a', 'new')), table(entry('GET /new', 'new'))]) {
    assert.equal(mergeTables(base, table(entry('GET /a', 'mine')), theirs).conflicts, 1);
  }
});

test('a diff has the hunks, line numbers and headers of git', () => {
  const file = (text: string, mode = 0o644) => ({ bytes: Buffer.from(text), mode });
  const lines = Array.from({ length: 20 }, (_, i) => `${i + 1}\n`);
  const after = lines.with(1, 'x\ny\n').toSpliced(17, 1).join('');
  assert.equal(
    unifiedDiff({ path: 'a.txt', before: file(lines.join('')), after: file(after) }),
    `diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -1,5 +1,6 @@
 1
-2
+x
+y
 3
 4
 5
@@ -15,6 +16,5 @@
 15
 16
 17
-18
 19
 20
`,
  );
  assert.equal(
    unifiedDiff({ path: 'n', before: undefined, after: file('a', 0o755) }),
    'diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n',
  );
  const gone = unifiedDiff({ path: 'n', before: file('a\n'), after: undefined });
  assert.match(gone, /^deleted file mode 100644\n--- a\/n\n\+\+\+ \/dev\/null\n@@ -1,1 \+0,0 @@\n-a\n$/m);
});
