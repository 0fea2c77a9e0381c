import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Image } from '../../../images/image/image.ts';
import { parseApk, parseDpkg, parseOsRelease } from '../../../images/image/packages.ts';
import { readImage } from '../../../images/image/read-image.ts';
import { renderSpdx } from '../../../images/image/spdx.ts';
import { tool } from '../../helpers/tools.ts';
import { buildInfo, elfOf } from './elf-making.ts';
import { asArchive, dockerSave, memorySpool, tarOf } from './making.ts';

const module = `path\texample.com/shop/cmd/shop
mod\texample.com/shop\tv1.2.3+dirty\t
dep\tgithub.com/Masterminds/semver/v3\tv3.4.0\th1:Zog+i5UMtVoCU8oKka5P7i9q9HgrJeGzI9SA1Xbatp0=
dep\texample.com/old\tv0.1.0\th1:old=
=>\texample.com/new\tv0.2.0\th1:new=
dep\texample.com/near\tv0.0.0
=>\t../near\t\t
build\tvcs.revision=0123456789abcdef
`;

const dpkg = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.41-12+deb13u1
Description: GNU C Library
 more of it

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
`;

function shop(): Promise<Image> {
  const layer = tarOf([
    { path: 'shop', body: elfOf({ data: buildInfo('go1.26.8', module) }), mode: 0o755 },
    {
      path: 'usr/bin/other',
      body: elfOf({ data: buildInfo('go1.26.8', module.replace('cmd/shop', 'cmd/other')) }),
    },
    { path: 'var/lib/dpkg/status', body: dpkg },
    {
      path: 'etc/os-release',
      body: 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    },
  ]);
  const files = dockerSave({ layers: [layer], names: ['registry.example.com/team/shop:1.2.3'] });
  return readImage(asArchive(files), { name: undefined, platform: undefined }, { spool: memorySpool() });
}

const options = { version: '0.1.0', created: Date.parse('2026-11-01T10:00:00.123Z') };

type Spdx = {
  packages: {
    SPDXID: string;
    name: string;
    versionInfo?: string;
    checksums?: { algorithm: string; checksumValue: string }[];
    externalRefs: { referenceLocator: string }[];
  }[];
  relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
};

test('programs, modules as they were linked, the standard library and the packages of the distribution are listed', async () => {
  const { packages } = JSON.parse(renderSpdx(await shop(), options)) as Spdx;
  assert.deepEqual(
    packages.slice(1).map(({ externalRefs }) => externalRefs[0]!.referenceLocator),
    [
      'pkg:golang/example.com/shop@v1.2.3%2Bdirty',
      'pkg:golang/github.com/masterminds/semver/v3@v3.4.0',
      'pkg:golang/example.com/new@v0.2.0',
      'pkg:golang/example.com/near@v0.0.0',
      'pkg:golang/stdlib@1.26.8',
      'pkg:golang/example.com/shop@v1.2.3%2Bdirty',
      'pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64&distro=debian-13',
    ],
  );
});

test('checksums are those of files; what Go calls a sum is none', async () => {
  const image = await shop();
  const text = renderSpdx(image, options);
  const { packages } = JSON.parse(text) as Spdx;
  const sums = packages.flatMap(
    ({ checksums }) => checksums?.map(({ checksumValue }) => checksumValue) ?? [],
  );
  assert.deepEqual(
    sums,
    image.binaries.map(({ file }) => file.facts!.sha256),
  );
  assert.doesNotMatch(text, /h1:/);
});

test('every name is unique, every relationship has both ends, and everything hangs together', async () => {
  const { packages, relationships } = JSON.parse(renderSpdx(await shop(), options)) as Spdx;
  const ids = new Set([...packages.map(({ SPDXID }) => SPDXID), 'SPDXRef-DOCUMENT']);
  assert.equal(ids.size, packages.length + 1);
  const reached = new Set(['SPDXRef-DOCUMENT']);
  for (const { spdxElementId, relatedSpdxElement } of relationships) {
    assert.ok(ids.has(spdxElementId) && ids.has(relatedSpdxElement));
    if (reached.has(spdxElementId)) reached.add(relatedSpdxElement);
  }
  assert.deepEqual(
    [...ids].filter((id) => !reached.has(id)),
    [],
  );
});

test('the same image gives the same bytes', async () => {
  assert.equal(renderSpdx(await shop(), options), renderSpdx(await shop(), options));
});

test('an independent validator accepts it', async (t) => {
  const validator = tool(t, 'spdx-validator');
  if (validator === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-spdx-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'shop.spdx.json');
  writeFileSync(file, renderSpdx(await shop(), options));
  const { status, stdout, stderr } = spawnSync(validator, ['--infile', file], { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
});

test("dpkg's and apk's lists are read, and what is not installed is left out", () => {
  const [libc, ...more] = parseDpkg(dpkg);
  assert.deepEqual(libc, {
    type: 'deb',
    name: 'libc6',
    version: '2.41-12+deb13u1',
    architecture: 'amd64',
    source: 'glibc',
  });
  assert.deepEqual(more, []);
  const apk = 'C:Q1x\nP:musl\nV:1.2.5-r9\nA:x86_64\no:musl\nL:MIT\n\nP:busybox\nV:1.37.0-r12\nA:x86_64\n\n';
  assert.deepEqual(
    parseApk(apk).map(({ name, version }) => [name, version]),
    [
      ['musl', '1.2.5-r9'],
      ['busybox', '1.37.0-r12'],
    ],
  );
  assert.deepEqual(parseOsRelease("ID=alpine\nVERSION_ID=3.23.0\nPRETTY_NAME='Alpine Linux v3.23'\n"), {
    ...{ id: 'alpine', versionId: '3.23.0', prettyName: 'Alpine Linux v3.23' },
  });
});
