import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import type { RunResult } from '../../scaffold/src/processes.ts';
import { type Ran, runGoSreInProcess } from '../helpers/scaffold.ts';
import { buildInfo, elfOf } from '../images/image/elf-making.ts';
import { asTar, dockerSave, type Making, ociLayout, tarOf } from '../images/image/making.ts';

const binary = elfOf({
  data: buildInfo('go1.26.8', 'path\texample.com/shop\nmod\texample.com/shop\tv1.0.0\t\n'),
});
const shop: Making = {
  layers: [tarOf([{ path: 'shop', body: binary, mode: 0o755 }])],
  names: ['shop:1.0'],
  config: {
    Entrypoint: ['/shop'],
    User: '65532',
    Labels: { 'org.opencontainers.image.source': 'https://example.com' },
  },
};

/** A folder with files, removed after the test; `tmp` in it is where the command puts what it needs for a while. */
function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-check-image-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [path, bytes] of Object.entries({ ...files, 'tmp/.keep': '' })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** Runs the command and sees to it that nothing is left in its temporary folder. */
async function check(folder: string, words: readonly string[], deps: Partial<GoSreDeps> = {}): Promise<Ran> {
  const env = { TMPDIR: join(folder, 'tmp') };
  const ran = await runGoSreInProcess(['check', 'image', ...words], folder, { env, ...deps });
  assert.deepEqual(readdirSync(join(folder, 'tmp')), ['.keep']);
  return ran;
}

const layoutFiles = Object.fromEntries([...ociLayout(shop)].map(([path, bytes]) => [`oci/${path}`, bytes]));

test('a tar, a packed tar, a layout in a folder and one in a tar are the same image', async (t) => {
  const saved = asTar(dockerSave(shop));
  const folder = folderOf(t, {
    'a.tar': saved,
    'b.tar.gz': gzipSync(saved),
    'c.tar': asTar(ociLayout(shop)),
    ...layoutFiles,
  });
  const told: Ran[] = [];
  for (const target of ['a.tar', 'b.tar.gz', 'c.tar', 'oci'])
    told.push(await check(folder, [target, '--json']));
  const images = told.map(({ stdout }) => JSON.parse(stdout).image);
  for (const [i, image] of images.entries()) {
    assert.equal(told[i]!.exitCode, 0, told[i]!.stderr);
    assert.equal(image.configDigest, images[0].configDigest);
    assert.deepEqual([image.size, image.binaries[0].go.main.version], [binary.length, 'v1.0.0']);
  }
  assert.deepEqual(
    images.map(({ origin }) => origin),
    ['tar', 'tar', 'tar', 'folder'],
  );
});

/** An engine that has one image, which it saves. */
function engine(saved: Uint8Array, asked: string[] = []): Partial<GoSreDeps> {
  const done = (status: number, stderr = ''): RunResult => ({
    status,
    stdout: Buffer.alloc(0),
    stderr,
    problem: undefined,
  });
  return {
    run: async (program, args) => {
      asked.push([program, ...args].join(' '));
      if (args[1] === 'inspect' && args.at(-1) !== 'shop:1.0')
        return done(1, `Error: No such image: ${args.at(-1)}\n`);
      if (args[0] === 'save') writeFileSync(args[args.indexOf('--output') + 1]!, saved);
      return done(0);
    },
  };
}

test('any other word is an image of the engine, which writes it to a file; one that it has not is told', async (t) => {
  const folder = folderOf(t, {});
  const asked: string[] = [];
  const found = await check(folder, ['shop:1.0'], engine(asTar(dockerSave(shop)), asked));
  assert.equal(found.exitCode, 0, found.stderr);
  assert.match(found.stdout, /^shop:1\.0 \(engine, linux\/amd64\) sha256:/);
  assert.match(asked[1]!, /^docker save --output \S+image\.tar shop:1\.0$/);
  const missing = await check(folder, ['other:2'], engine(Buffer.alloc(0)));
  assert.equal(missing.exitCode, 1);
  assert.match(
    missing.stderr,
    /There is no file other:2, and the engine has no image of that name\. Build it, or docker pull other:2\./,
  );
  const without = await check(folder, ['shop:1.0'], {
    run: async () => ({
      status: undefined,
      stdout: Buffer.alloc(0),
      stderr: '',
      problem: 'docker is not installed',
    }),
  });
  assert.match(without.stderr, /no engine was asked .*: docker is not installed\. Install Docker\./);
});

test("a folder or a binary of the image's name is passed over for the image", async (t) => {
  const folder = folderOf(t, { 'shop:1.0/main.go': 'package main', other: 'a binary' });
  const found = await check(folder, ['shop:1.0'], engine(asTar(dockerSave(shop))));
  assert.match(found.stdout, /^shop:1\.0 \(engine, /);
  const { exitCode, stderr } = await check(folder, ['other'], engine(Buffer.alloc(0)));
  assert.equal(exitCode, 1);
  assert.match(stderr, /What lies there as other holds no image, and the engine has no image of that name/);
});

test('the text tells size, layers and binaries, then the findings with their mend', async (t) => {
  const bad = {
    ...shop,
    config: { ...shop.config, User: 'root' },
    history: [{ created_by: 'COPY shop /shop # buildkit' }],
  };
  const { exitCode, stdout } = await check(folderOf(t, { 'shop.tar': asTar(dockerSave(bad)) }), [
    'shop.tar',
    '--budget',
    '1KiB',
  ]);
  assert.equal(exitCode, 1);
  assert.match(stdout, new RegExp(`size +${binary.length} bytes of 1,024`));
  assert.match(stdout, /1 +\d+ +\d+ +1 +COPY shop \/shop\n/);
  assert.match(stdout, /\/shop +\d+ +nothing, static +go1\.26\.8 example\.com\/shop v1\.0\.0, 0 modules/);
  assert.match(
    stdout,
    /shop\.tar error user-root: The image runs as root: its user is "root"\.\n {2}mend: End the last stage/,
  );
});

test('the default budget is 83,886,080 bytes', async (t) => {
  const { stdout } = await check(folderOf(t, { 'shop.tar': asTar(dockerSave(shop)) }), ['shop.tar']);
  assert.match(stdout, /bytes of 83,886,080 \(/);
});

test('the same findings are told as SARIF, for GitLab and for GitHub, into a file where one is named', async (t) => {
  const bad = { ...shop, config: { ...shop.config, Labels: {} } };
  const folder = folderOf(t, { 'shop.tar': asTar(dockerSave(bad)) });
  const sarif = await check(folder, ['shop.tar', '--format', 'sarif', '--output', 'report.sarif']);
  assert.match(sarif.stdout, /warning source-label/);
  const { runs } = JSON.parse(readFileSync(join(folder, 'report.sarif'), 'utf8'));
  assert.deepEqual([runs[0].results[0].ruleId, runs[0].results[0].level], ['source-label', 'warning']);
  const [gitlab] = JSON.parse((await check(folder, ['shop.tar', '--format', 'gitlab'])).stdout);
  assert.equal(gitlab.check_name, 'source-label');
  assert.match(
    (await check(folder, ['shop.tar', '--format', 'github'])).stdout,
    /^::warning .*source-label/m,
  );
  await check(folder, ['shop.tar', '--format', 'json', '--output', 'report.json']);
  const told = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  assert.deepEqual([told.image.names, told.findings[0].code], [['shop:1.0'], 'source-label']);
});

test('the configuration and flags say which findings count', async (t) => {
  const bad = { ...shop, config: { ...shop.config, Labels: {}, User: 'app' } };
  const files = {
    'shop.tar': asTar(dockerSave(bad)),
    'gate.yaml': 'ignored: [source-label, DL3006]\noverride:\n  error: [user-name]\n',
  };
  const folder = folderOf(t, files);
  const codes = async (...words: string[]) => {
    const { exitCode, stdout } = await check(folder, ['shop.tar', '--json', ...words]);
    return [
      exitCode,
      ...JSON.parse(stdout).findings.map(
        ({ code, severity }: { code: string; severity: string }) => `${severity} ${code}`,
      ),
    ];
  };
  assert.deepEqual(await codes(), [1, 'warning source-label', 'info user-name']);
  assert.deepEqual(await codes('--ignore', 'source-label'), [0, 'info user-name']);
  assert.deepEqual(await codes('--ignore', 'source-label', '--fail-on', 'info'), [1, 'info user-name']);
  assert.deepEqual(await codes('--fail-on', 'error'), [0, 'warning source-label', 'info user-name']);
  assert.deepEqual(await codes('--config', 'gate.yaml'), [1, 'error user-name']);
});

const trivy = (...ids: string[]) =>
  JSON.stringify({
    SchemaVersion: 2,
    ArtifactName: 'shop:1.0',
    Results: [
      {
        Vulnerabilities: ids.map((id, i) => ({
          VulnerabilityID: id,
          PkgName: `p${i}`,
          InstalledVersion: '1',
          Severity: i === 0 ? 'CRITICAL' : 'HIGH',
        })),
      },
    ],
  });

test('a critical hole closes the gate, high ones only beyond what is allowed, waivers open it until their day', async (t) => {
  const folder = folderOf(t, {
    'shop.tar': asTar(dockerSave(shop)),
    'trivy.json': trivy('CVE-1', 'CVE-2', 'CVE-3'),
    'waivers.yaml': '- { id: CVE-1, reason: not reachable, expires: 2026-12-01 }\n',
  });
  const messages = async (...words: string[]) => {
    const { exitCode, stdout } = await check(folder, ['shop.tar', '--json', '--cve', 'trivy.json', ...words]);
    return [exitCode, ...JSON.parse(stdout).findings.map(({ message }: { message: string }) => message)];
  };
  assert.deepEqual(await messages(), [
    1,
    'CVE-1, critical, in p0 1: no version without it is told (1 are critical, none may be).',
  ]);
  assert.equal((await messages('--max-critical', '1'))[0], 0);
  assert.equal((await messages('--max-critical', '1', '--max-high', '1')).length, 1 + 2);
  assert.deepEqual(await messages('--waivers', 'waivers.yaml'), [0]);
  const late = await messages('--waivers', 'waivers.yaml', '--today', '2026-12-02');
  assert.equal(late[0], 1);
  assert.equal(late[2], 'The waiver of CVE-1 expired on 2026-12-01 ("not reachable").');
});

test('a report about another image is told', async (t) => {
  const other = trivy('CVE-1').replace('shop:1.0', 'other:1');
  const folder = folderOf(t, { 'shop.tar': asTar(dockerSave(shop)), 'trivy.json': other });
  const { stdout } = await check(folder, ['shop.tar', '--cve', 'trivy.json', '--max-critical', '1']);
  assert.match(
    stdout,
    /warning report-other-image: trivy\.json of trivy is about other:1, this image is shop:1\.0\./,
  );
});

test('the list of parts is written, its time from SOURCE_DATE_EPOCH or from the image', async (t) => {
  const folder = folderOf(t, { 'shop.tar': asTar(dockerSave(shop)) });
  const created = async (env: Record<string, string>) => {
    await check(folder, ['shop.tar', '--sbom', 'shop.spdx.json'], {
      env: { TMPDIR: join(folder, 'tmp'), ...env },
    });
    return JSON.parse(readFileSync(join(folder, 'shop.spdx.json'), 'utf8')).creationInfo.created;
  };
  assert.equal(await created({}), '2026-11-01T10:00:00Z');
  assert.equal(await created({ SOURCE_DATE_EPOCH: '1700000000' }), '2023-11-14T22:13:20Z');
});

const usages: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['no image', [], /The image is missing/],
  ['two images', ['a.tar', 'b.tar'], /One image is judged at a time/],
  ['a file that is not there', ['./gone.tar'], /There is no file \S+gone\.tar\./],
  [
    'a budget that is no size',
    ['shop.tar', '--budget', '80 apples'],
    /--budget is a size such as 83886080, 80MB or 80MiB, not "80 apples"/,
  ],
  [
    'a count that is none',
    ['shop.tar', '--cve', 'shop.tar', '--max-high', 'few'],
    /--max-high is a number from 0 on/,
  ],
  [
    'a bound without a report',
    ['shop.tar', '--max-critical', '0'],
    /--max-critical is about the reports of --cve, and none is given/,
  ],
  [
    'waivers without a report',
    ['shop.tar', '--waivers', 'w.yaml'],
    /There is no w\.yaml, which --waivers names/,
  ],
  [
    'a report that is not there',
    ['shop.tar', '--cve', 'gone.json'],
    /There is no gone\.json, which --cve names/,
  ],
  ['a report that is none', ['shop.tar', '--cve', 'shop.tar'], /shop\.tar is damaged: the report is no JSON/],
  ['a rule that is not there', ['shop.tar', '--ignore', 'sice'], /--ignore sice: there is no such rule/],
  [
    'a severity that is none',
    ['shop.tar', '--fail-on', 'fatal'],
    /--fail-on is one of error, warning, info, style/,
  ],
  ['a day that is none', ['shop.tar', '--today', 'tomorrow'], /--today is a day like/],
  [
    'a platform that is not there',
    ['shop.tar', '--platform', 'linux/s390x'],
    /holds nothing for linux\/s390x; there is linux\/amd64/,
  ],
];

for (const [what, words, why] of usages) {
  test(`wrong usage, exit code 2: ${what}`, async (t) => {
    const folder = folderOf(t, { 'shop.tar': asTar(dockerSave(shop)) });
    const { exitCode, stdout, stderr } = await check(folder, words);
    assert.match(stderr, why);
    assert.deepEqual([exitCode, stdout], [2, '']);
  });
}

test('damaged files and folders end with a sentence, exit code 1, and write no list of parts', async (t) => {
  const saved = asTar(dockerSave(shop));
  const files = {
    'cut.tar': saved.subarray(0, 3000),
    'text.tar': 'hello',
    'empty/x': '',
    'gz.tar': gzipSync(saved).subarray(0, 200),
  };
  const folder = folderOf(t, files);
  for (const [target, why] of [
    ['cut.tar', /^go-sre: cut\.tar ends within /],
    ['text.tar', /^go-sre: text\.tar ends within a tar header/],
    ['./empty', /^go-sre: \.\/empty holds no image/],
    ['gz.tar', /^go-sre: gz\.tar is damaged: the archive, packed with gzip, cannot be read/],
  ] as const) {
    const { exitCode, stderr } = await check(folder, [target, '--sbom', 'sbom.json']);
    assert.match(stderr, why);
    assert.equal(exitCode, 1);
  }
  assert.equal(existsSync(join(folder, 'sbom.json')), false);
});

test('a folder whose documents name paths outside of it is refused', async (t) => {
  const list = [{ Config: '../../etc/passwd', RepoTags: null, Layers: [] }];
  const folder = folderOf(t, { 'evil/manifest.json': JSON.stringify(list) });
  const { exitCode, stderr } = await check(folder, ['./evil']);
  assert.equal(exitCode, 1);
  assert.match(stderr, /names the path "\.\.\/\.\.\/etc\/passwd", which leads out of it/);
});

test('a disk that refuses is told, and nothing stays behind', async (t) => {
  const open = () => Promise.reject(Object.assign(new Error('EACCES: open'), { code: 'EACCES' }));
  const folder = folderOf(t, { 'shop.tar': asTar(dockerSave(shop)) });
  const { exitCode, stderr } = await check(folder, ['shop.tar'], { disk: { ...realDisk, open } });
  assert.equal(exitCode, 1);
  assert.match(stderr, /shop\.tar cannot be read: EACCES/);
});

test('who is told to end ends, and nothing stays behind', async (t) => {
  const folder = folderOf(t, { 'shop.tar': asTar(dockerSave(shop)) });
  const { exitCode } = await check(folder, ['shop.tar'], { signal: AbortSignal.abort(), disk: realDisk });
  assert.equal(exitCode, 130);
});
