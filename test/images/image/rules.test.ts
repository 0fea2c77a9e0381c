import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { test } from 'node:test';
import { shippedBaseImages } from '../../../images/data/base-images.ts';
import { highestGlibc } from '../../../images/image/elf-dynamic.ts';
import { binaryFacts } from '../../../images/image/file-facts.ts';
import { readImage } from '../../../images/image/read-image.ts';
import type { ImageSubject } from '../../../images/image/rules/rule.ts';
import { defaultBudgetBytes } from '../../../images/image/rules/size.ts';
import { checkImage, imageRules } from '../../../images/image/rules.ts';
import { memorySource } from '../../../images/image/source.ts';
import { buildInfo, elfOf } from './elf-making.ts';
import { asArchive, dockerSave, type Entry, type Making, memorySpool, tarOf } from './making.ts';

const goBinary = elfOf({
  data: buildInfo('go1.26.8', 'path\texample.com/shop\nmod\texample.com/shop\tv1.0.0\t\n'),
});
const source = 'org.opencontainers.image.source';
/** What a clean image has. */
const clean = {
  Entrypoint: ['/shop'],
  User: '65532:65532',
  Labels: { [source]: 'https://example.com/shop' },
};
const shop: Entry = { path: 'shop', body: goBinary, mode: 0o755 };

const given = { baseImages: shippedBaseImages, today: '2026-11-26', vulnerabilities: undefined };

type Case = {
  layers?: readonly (readonly Entry[])[];
  config?: object;
  making?: Partial<Making>;
  subject?: Partial<ImageSubject>;
};

/** `CODE: MESSAGE` of every finding about an image. */
async function findings({ layers = [[shop]], config = {}, making, subject }: Case): Promise<string[]> {
  const files = dockerSave({ layers: layers.map(tarOf), config: { ...clean, ...config }, ...making });
  const wish = { name: undefined, platform: undefined };
  const image = await readImage(asArchive(files), wish, { spool: memorySpool() });
  const asked = { ...given, image, name: 'shop:1', budgetBytes: defaultBudgetBytes, ...subject };
  return checkImage(asked, imageRules, new Map()).map(({ code, message }) => `${code}: ${message}`);
}

test('an image of one static Go binary, with user and source, has no finding', async () => {
  assert.deepEqual(await findings({}), []);
});

const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB'.repeat(3)}\n`;

const bad: readonly (Case & { what: string; found: RegExp })[] = [
  {
    what: 'it is over its budget',
    subject: { budgetBytes: 100 },
    found: /^size-budget: The image has \d+ bytes, \d+ more than its budget of 100\.$/,
  },
  {
    what: 'a later layer overwrites a tenth of it with the same bytes',
    layers: [[shop], [{ ...shop, mode: 0o755, uid: 65532 }]],
    found: /^wasted-bytes: .* 50 % of the image.*\/shop of layer 1, overwritten in layer 2/,
  },
  {
    what: 'it runs nothing',
    config: { Entrypoint: [] },
    found: /^entrypoint-missing: The image runs nothing/,
  },
  {
    what: 'what it runs is not there',
    config: { Entrypoint: ['/app'] },
    found: /^entrypoint-missing: The image runs "\/app", which is not in it\.$/,
  },
  {
    what: 'what it runs is in no folder of PATH',
    config: { Cmd: ['app'], Entrypoint: [] },
    found: /^entrypoint-missing: .* in no folder of its PATH\.$/,
  },
  {
    what: 'what it runs may not be executed',
    layers: [[{ ...shop, mode: 0o644 }]],
    found: /^entrypoint-missing: .* its mode is 0644\.$/,
  },
  {
    what: 'its HEALTHCHECK wants a shell',
    config: { Healthcheck: { Test: ['CMD-SHELL', 'curl x'] } },
    found: /^healthcheck-missing: HEALTHCHECK runs "\/bin\/sh", which is not in the image\.$/,
  },
  {
    what: 'it is for another architecture',
    making: { architecture: 'arm64' },
    found: /^architecture-mismatch: \/shop is built for amd64, the image is for arm64\.$/,
  },
  {
    what: 'the loader is missing',
    layers: [
      [
        {
          ...shop,
          body: elfOf({
            type: 3,
            interpreter: '/lib64/ld-linux-x86-64.so.2',
            data: buildInfo('go1.26.1', ''),
          }),
        },
      ],
    ],
    found:
      /^interpreter-missing: \/shop cannot start: its loader \/lib64\/ld-linux-x86-64\.so\.2 is missing; the image has no C library\.$/,
  },
  { what: 'it names no user', config: { User: '' }, found: /^user-missing/ },
  { what: 'its user is root', config: { User: 'root:root' }, found: /^user-root/ },
  { what: 'its user is 0', config: { User: '0' }, found: /^user-root/ },
  { what: 'its user has a group alone', config: { User: ':65532' }, found: /^user-root/ },
  {
    what: 'its user is root by another name',
    layers: [[shop, { path: 'etc/passwd', body: 'root:x:0:0::/:\nadmin:x:0:0::/:\n' }]],
    config: { User: 'admin' },
    found: /^user-root/,
  },
  { what: 'its user is a name', config: { User: 'nonroot' }, found: /^user-name/ },
  { what: 'it names no source', config: { Labels: {} }, found: /^source-label: The image has no label/ },
  {
    what: 'a file is setuid',
    layers: [[shop, { path: 'bin/su', body: 'x', mode: 0o4755 }]],
    found: /^setuid-file: \/bin\/su of user 0 has the setuid bit \(mode 4755\)\.$/,
  },
  {
    what: 'everybody may write a file',
    layers: [[shop, { path: 'etc/app.conf', body: 'x', mode: 0o666 }]],
    found: /^world-writable: \/etc\/app\.conf/,
  },
  {
    what: 'a layer holds a private key',
    layers: [[shop, { path: 'etc/tls.pem', body: key }]],
    found: /^secret-in-layer: \/etc\/tls\.pem in layer 1 holds a private key \(line 1\)\.$/,
  },
  {
    what: 'a layer held a secret that a later one removes',
    layers: [[shop, { path: 'app/.env', body: 'TOKEN=x' }], [{ path: 'app/.wh..env' }]],
    found:
      /^secret-in-layer: \/app\/\.env in layer 1 holds a file of environment variables, although a later layer hides it\.$/,
  },
  {
    what: 'a variable is a secret by its name',
    config: { Env: ['DB_PASSWORD=hunter2x'] },
    found: /^secret-in-config: The environment variable DB_PASSWORD holds a secret, by its name\.$/,
  },
  {
    what: 'a variable is a secret by its form',
    config: { Env: [`X=ghp_${'a1B2'.repeat(9)}`] },
    found: /^secret-in-config: The environment variable X holds a GitHub token\.$/,
  },
  {
    what: 'a build argument in the history is a secret',
    making: { history: [{ created_by: 'RUN |2 NPM_TOKEN=abcdef12 USER=a /bin/sh -c npm ci' }] },
    found: /^secret-in-config: Step 1 of the history holds the build argument NPM_TOKEN\.$/,
  },
  {
    what: 'its distribution lost its support',
    layers: [
      [
        shop,
        { path: 'etc/os-release', body: 'ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n' },
      ],
    ],
    found: /^base-eol: Alpine Linux v3\.20 lost its support on 2026-04-01\.$/,
  },
  {
    what: 'it was linked by a Go that lost its support',
    layers: [[{ ...shop, body: elfOf({ data: buildInfo('go1.24.9 X:nocoverageredesign', 'path\tx\n') }) }]],
    found: /^go-eol: \/shop is linked by go1\.24\.9.*; Go 1\.24 lost its support on 2026-02-10\.$/,
  },
  {
    what: 'a Go image has a package manager',
    layers: [[shop, { path: 'sbin/apk', body: 'x', mode: 0o755 }]],
    found: /^package-manager: .* the image has \/sbin\/apk\.$/,
  },
  {
    what: 'a Go image has a shell',
    layers: [
      [shop, { path: 'bin/busybox', body: 'x', mode: 0o755 }, { path: 'bin/sh', type: '2', link: 'busybox' }],
    ],
    found: /^shell: .* \/bin\/busybox, \/bin\/sh\.$/,
  },
];

for (const { what, found, ...image } of bad) {
  test(`it is told, and nothing else, when ${what}`, async () => {
    const told = await findings(image);
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(told[0]!, found);
  });
}

const fine: readonly (Case & { what: string })[] = [
  {
    what: 'a shell where no Go binary is run',
    layers: [[{ path: 'bin/sh', body: 'x', mode: 0o755 }]],
    config: { Entrypoint: ['sh'] },
  },
  {
    what: 'a public certificate',
    layers: [[shop, { path: 'etc/ssl/ca.pem', body: '-----BEGIN CERTIFICATE-----\nMIID\n' }]],
  },
  {
    what: "the form of a key in a program's text",
    layers: [[shop, { path: 'lib/pem.py', body: 'x = "-----BEGIN PRIVATE KEY-----\\n"' }]],
  },
  {
    what: "a key among a library's tests",
    layers: [[shop, { path: 'usr/local/go/src/crypto/tls/testdata/key.pem', body: key }]],
  },
  {
    what: 'variables that only point at a secret',
    config: { Env: ['TOKEN_FILE=/run/token', 'API_KEY=${API_KEY}', 'PASSWORD='] },
  },
  {
    what: 'a HEALTHCHECK by the program itself',
    config: { Healthcheck: { Test: ['CMD', '/shop', 'health'] } },
  },
  { what: 'a HEALTHCHECK that is switched off', config: { Healthcheck: { Test: ['NONE'] } } },
  {
    what: 'an example of an environment file',
    layers: [[shop, { path: 'app/.env.example', body: 'TOKEN=' }]],
  },
  {
    what: 'a program that is run through an init',
    layers: [[shop, { path: 'tini', body: 'x', mode: 0o755 }]],
    config: { Entrypoint: ['/tini', '--', '/shop'] },
  },
  {
    what: 'a program found in PATH through a link',
    layers: [[shop, { path: 'usr/bin/run', type: '2', link: '/shop' }]],
    config: { Entrypoint: ['run'], Env: ['PATH=/x:/usr/bin'] },
  },
];

for (const { what, ...image } of fine) {
  test(`nothing is told of ${what}`, async () => assert.deepEqual(await findings(image), []));
}

/** A program of the machine that is linked with more than the C library. */
const program = '/bin/ls';

/** What the loader gives to the program; empty where it cannot be asked, or there is none. */
function librariesOfIt(): Map<string, string> {
  const { status, stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  const lines = status === 0 ? [...stdout.matchAll(/^\s*(?:(\S+) => )?(\/\S+) \(0x/gm)] : [];
  return new Map(lines.map(([, name, path]) => [name ?? path!, path!]));
}

test('a real program beside a real glibc starts, beside one that is older it does not', async (t) => {
  const libraries = librariesOfIt();
  const other = [...libraries.keys()].find((name) => /^lib(?!c\.)/.test(name));
  if (!libraries.has('libc.so.6') || other === undefined) {
    t.skip(`${program} is not linked with glibc`);
    return;
  }
  const entries = (of: (name: string, bytes: Buffer) => Buffer): Entry[] => [
    { path: 'ls', body: readFileSync(program), mode: 0o755 },
    ...[...libraries].map(([name, path]) => {
      const inside = name.startsWith('/') ? name.slice(1) : `lib/${name}`;
      return { path: inside, body: of(name, readFileSync(realpathSync(path))), mode: 0o755 };
    }),
  ];
  const config = { Entrypoint: ['/ls'] };
  const subject = { budgetBytes: 1e9 };
  assert.deepEqual(await findings({ layers: [entries((_, bytes) => bytes)], config, subject }), []);
  const without = entries((_, bytes) => bytes).filter(({ path }) => path !== `lib/${other}`);
  assert.deepEqual(await findings({ layers: [without], config, subject }), [
    `library-missing: /ls needs ${other}, which is not in the image.`,
  ]);
  // The name of the version that is wanted, taken out of the C library.
  const wanted = await highestWanted(program);
  const older = (name: string, bytes: Buffer) => {
    if (name !== 'libc.so.6') return bytes;
    const at = bytes.indexOf(`\0GLIBC_${wanted}\0`) + 1;
    assert.ok(at > 0);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from('X'), bytes.subarray(at + 1)]);
  };
  const told = await findings({ layers: [entries(older)], config, subject });
  assert.match(
    told.join('\n'),
    new RegExp(`^glibc-too-old: /ls needs GLIBC_${wanted}, the image has glibc \\d`, 'm'),
  );
});

async function highestWanted(file: string): Promise<string> {
  const facts = await binaryFacts(file, memorySource(readFileSync(file)));
  const wants = (facts?.dynamic?.wants ?? []).filter(({ library }) => library === 'libc.so.6');
  return highestGlibc(wants.map(({ version }) => version))!;
}

test('severities may differ, and rules be off', async () => {
  const files = dockerSave({ layers: [tarOf([shop])], config: { ...clean, User: '', Labels: {} } });
  const wish = { name: undefined, platform: undefined };
  const image = await readImage(asArchive(files), wish, { spool: memorySpool() });
  const subject = { ...given, image, name: 'x', budgetBytes: 1e9 };
  const told = checkImage(
    subject,
    imageRules,
    new Map([
      ['user-missing', 'off'],
      ['source-label', 'error'],
    ] as const),
  );
  assert.deepEqual(
    told.map(({ code, severity }) => [code, severity]),
    [['source-label', 'error']],
  );
});

test('a hundred findings of a rule are told one by one, the rest in one', async () => {
  const files = Array.from({ length: 130 }, (_, i) => ({ path: `f${i}`, body: `${i}`, mode: 0o4755 }));
  const told = await findings({ layers: [[shop, ...files]] });
  assert.equal(told.length, 101);
  assert.equal(told.at(-1), 'setuid-file: There are 30 more of this kind.');
});

test("control characters of a file's name do not reach the terminal", async () => {
  const told = await findings({ layers: [[shop, { path: 'a\x1b[2Jb', body: 'x', mode: 0o4755 }]] });
  assert.match(told[0]!, /\/a�\[2Jb/);
});

test('every rule has a whole card of its own', () => {
  assert.equal(new Set(imageRules.map(({ code }) => code)).size, imageRules.length);
  for (const { code, title, what, why, mend, link } of imageRules) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    for (const text of [title, what, why, mend]) assert.ok(text.length > 20, `${code}: ${text}`);
    assert.match(link, /^https:\/\//, code);
  }
});
