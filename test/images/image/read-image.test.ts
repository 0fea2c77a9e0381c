import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { tarArchive } from '../../../images/image/archive.ts';
import type { Image } from '../../../images/image/image.ts';
import { defaultLimits, type Limits } from '../../../images/image/limits.ts';
import { ImageError } from '../../../images/image/problem.ts';
import { readImage } from '../../../images/image/read-image.ts';
import { chunksOf, memorySource, type Source } from '../../../images/image/source.ts';
import {
  asArchive,
  asTar,
  digest,
  dockerSave,
  type Entry,
  gzipped,
  header,
  type Making,
  memorySpool,
  ociLayout,
  padded,
  rightChecksum,
  tarOf,
} from './making.ts';

const anything = { name: undefined, platform: undefined };

function read(files: ReadonlyMap<string, Uint8Array>, wish: object = {}, limits?: Limits): Promise<Image> {
  return readImage(
    asArchive(files),
    { ...anything, ...wish },
    { spool: memorySpool(), ...(limits && { limits }) },
  );
}

/** An image of these layers, each a list of entries. */
function layered(...layers: readonly (readonly Entry[])[]): Promise<Image> {
  return read(dockerSave({ layers: layers.map(tarOf) }));
}

function refused(reading: Promise<unknown>, why: RegExp): Promise<void> {
  return assert.rejects(reading, (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.match(error.message, why);
    return true;
  });
}

test('a later layer hides what it overwrites and removes, and the bytes below are counted as wasted', async () => {
  const image = await layered(
    [
      { path: 'app', body: 'first' },
      { path: 'tmp/' },
      { path: 'tmp/cache', body: 'cached' },
      { path: 'etc/a', body: 'aa' },
      { path: 'etc/b', body: 'bbb' },
    ],
    [
      { path: 'app', body: 'second!' },
      { path: 'tmp/.wh.cache' },
      { path: 'etc/c', body: 'c' },
      { path: 'etc/.wh..wh..opq' },
    ],
  );
  assert.equal(image.size, 5 + 6 + 2 + 3 + 7 + 1);
  const { overwritten, removed, duplicated } = image.wasted;
  assert.deepEqual(
    { overwritten, removed, duplicated },
    { overwritten: 5, removed: 6 + 2 + 3, duplicated: 0 },
  );
  assert.deepEqual(
    [image.exists('/app'), image.exists('tmp/cache'), image.exists('etc/a'), image.exists('etc/c')],
    [true, false, false, true],
  );
  assert.deepEqual(
    image.layers.map(({ size, files, removed: gone }) => [size, files, gone]),
    [
      [16, 4, 0],
      [8, 2, 2],
    ],
  );
});

test('an opaque whiteout leaves what its own layer brings, whichever stands first', async () => {
  const image = await layered(
    [{ path: 'd/old', body: '1' }],
    [{ path: 'd/before', body: '2' }, { path: 'd/.wh..wh..opq' }, { path: 'd/after', body: '3' }],
  );
  assert.deepEqual(['d/old', 'd/before', 'd/after'].map(image.exists), [false, true, true]);
});

test('a file in the place of a folder hides the whole folder', async () => {
  const image = await layered([{ path: 'd/x/y', body: '12345' }], [{ path: 'd', body: 'file' }]);
  assert.equal(image.wasted.overwritten, 5);
  assert.equal(image.exists('d/x/y'), false);
});

test('the same content twice is told once with both paths, a link to it not at all', async () => {
  const image = await layered(
    [{ path: 'a', body: 'same content' }],
    [
      { path: 'b', body: 'same content' },
      { path: 'c', type: '1', link: 'b' },
      { path: 'l', type: '2', link: 'a' },
    ],
  );
  assert.deepEqual(
    image.wasted.copies.map(({ size, files }) => [size, files.map(({ path }) => path)]),
    [[12, ['a', 'b']]],
  );
  assert.equal(image.wasted.duplicated, 12);
  // A symlink counts with the length of its target, a hard link with nothing: as the engine has it.
  assert.equal(image.size, 12 + 12 + 1);
});

test('links are followed on the way and at the end, and a circle of them leads nowhere', async () => {
  const image = await layered([
    { path: 'usr/bin/tool', body: 'x' },
    { path: 'bin', type: '2', link: 'usr/bin' },
    { path: 'tool', type: '2', link: '../../bin/tool' },
    { path: 'loop', type: '2', link: 'pool' },
    { path: 'pool', type: '2', link: 'loop' },
  ]);
  assert.deepEqual(['/bin/tool', '/tool', '/loop'].map(image.exists), [true, true, false]);
});

test('GNU long names, pax paths and numbers in base 256 are read', async () => {
  const long = `${'deep/'.repeat(30)}file`;
  const large = header('wide', {}, 0);
  large.fill(0, 124, 136);
  large[124] = 0x80;
  large[135] = 3;
  const layer = Buffer.concat([
    tarOf([
      { path: '././@LongLink', type: 'L', body: `${long}\0` },
      { path: 'short', body: '12' },
      { path: 'ignored', body: '3', pax: { path: 'täglich/ö', uid: '4000000000' } },
    ]).subarray(0, -1024),
    rightChecksum(large),
    padded(Buffer.from('abc')),
    Buffer.alloc(1024),
  ]);
  const image = await read(dockerSave({ layers: [layer] }));
  assert.deepEqual([long, 'täglich/ö', 'wide', 'short'].map(image.exists), [true, true, true, false]);
  assert.equal(image.size, 2 + 1 + 3);
});

const shop: Making = {
  layers: [tarOf([{ path: 'shop', body: 'binary' }])],
  names: ['shop:1.0'],
  config: { User: '65532', Entrypoint: ['/shop'], Labels: { a: 'b' }, Env: ['PATH=/bin'] },
  history: [{ created_by: 'COPY shop /shop # buildkit' }, { created_by: 'USER 65532', empty_layer: true }],
};

test('what docker save writes, the same as a layout, as a tar of it, packed by gzip or zstd, is the same image', async () => {
  const layer = shop.layers[0]!;
  const { packed, diffId } = gzipped(layer);
  const zstd = zstdCompressSync(layer);
  const tar = await tarArchive(memorySource(asTar(ociLayout(shop))), defaultLimits);
  const images = [
    await read(dockerSave(shop)),
    await read(ociLayout(shop)),
    await readImage(tar, anything, { spool: memorySpool() }),
    await read(ociLayout({ ...shop, layers: [packed], diffIds: [diffId] })),
    await read(ociLayout({ ...shop, layers: [zstd], diffIds: [diffId] })),
  ];
  for (const image of images) {
    assert.equal(image.configDigest, images[0]!.configDigest);
    assert.deepEqual([image.size, image.names, image.entry.file?.path], [6, ['shop:1.0'], 'shop']);
    assert.equal(image.layers[0]?.createdBy, 'COPY shop /shop # buildkit');
  }
  assert.deepEqual(
    images.map(({ layers }) => layers[0]!.compression),
    ['none', 'none', 'none', 'gzip', 'zstd'],
  );
  assert.deepEqual([images[0]!.compressedSize, images[3]!.compressedSize], [undefined, packed.length]);
});

test('what engines from 25 on save is both, and one image under two names is one', async () => {
  const layout = ociLayout({
    ...shop,
    names: ['docker.io/library/shop:1.0', 'docker.io/library/shop:latest'],
  });
  const paths = [...layout.keys()].filter((path) => path.startsWith('blobs/'));
  const list = [{ Config: paths[1], RepoTags: ['shop:1.0', 'shop:latest'], Layers: [paths[0]] }];
  const image = await read(new Map(layout).set('manifest.json', Buffer.from(JSON.stringify(list))));
  assert.deepEqual(image.names, ['docker.io/library/shop:1.0', 'docker.io/library/shop:latest']);
  assert.match(image.manifestDigest ?? '', /^sha256:/);
  assert.equal((await read(layout, { name: 'shop' })).size, 6);
});

test('a layer that lies unpacked is measured with gzip where that is asked for', async () => {
  const layer = tarOf([{ path: 'zeros', body: Buffer.alloc(100_000) }]);
  const archive = asArchive(dockerSave({ layers: [layer] }));
  const image = await readImage(archive, anything, { spool: memorySpool(), measureUpToBytes: 1_000_000 });
  assert.equal(image.compressedMeasured, true);
  assert.ok(image.compressedSize! > 50 && image.compressedSize! < 1000, `${image.compressedSize}`);
  assert.equal(image.compressedSize, gzipSync(layer, { level: 6 }).length);
});

test('of several images the one that is named is read, and without a name all are told', async () => {
  const other = { ...shop, names: ['docker.io/library/other:latest', 'other:2'], architecture: 'arm64' };
  const files = dockerSave(shop, other);
  assert.deepEqual((await read(files, { name: 'other' })).config.architecture, 'arm64');
  assert.deepEqual((await read(ociLayout(shop, other), { name: 'other:2' })).config.architecture, 'arm64');
  await refused(
    read(files),
    /holds 2 images; say which with --image\. It holds shop:1\.0, docker\.io\/library\/other:latest, other:2/,
  );
  await refused(read(files, { name: 'third' }), /no image of the name third/);
});

test('of several platforms linux/amd64 is read, or the one that is asked for', async () => {
  const arm = { ...shop, names: undefined, architecture: 'arm64', platform: 'linux/arm64' };
  const intel = { ...shop, names: undefined, platform: 'linux/amd64' };
  const files = ociLayout(arm as never, intel as never);
  assert.equal((await read(files)).config.architecture, 'amd64');
  assert.equal((await read(files, { platform: 'linux/arm64' })).config.architecture, 'arm64');
  await refused(
    read(files, { platform: 'linux/s390x' }),
    /nothing for linux\/s390x; there is linux\/arm64, linux\/amd64/,
  );
  assert.equal((await read(ociLayout(arm as never))).config.architecture, 'arm64', 'the only one there is');
});

test('indexes within indexes are followed, attestations and platforms that were not saved are passed over', async () => {
  const files = ociLayout({ ...shop, platform: 'linux/amd64' } as never);
  const inner = JSON.parse(String(files.get('index.json')));
  inner.manifests.push(
    { digest: digest(Buffer.from('gone')), size: 4, platform: { os: 'linux', architecture: 'arm64' } },
    { digest: digest(Buffer.from('seen')), size: 4, platform: { os: 'unknown', architecture: 'unknown' } },
  );
  const bytes = Buffer.from(JSON.stringify(inner));
  files.set(`blobs/sha256/${digest(bytes).slice(7)}`, bytes);
  files.set(
    'index.json',
    Buffer.from(JSON.stringify({ manifests: [{ digest: digest(bytes), size: bytes.length }] })),
  );
  assert.equal((await read(files)).size, 6);
});

test('a wrong digest of a layer, of its unpacked form, or of the configuration is told', async () => {
  const layout = ociLayout(shop);
  const layer = [...layout.keys()].find((path) => path.endsWith(digest(shop.layers[0]!).slice(7)))!;
  const flipped = Buffer.from(shop.layers[0]!);
  flipped[512] = 0x42;
  await refused(
    read(new Map(layout).set(layer, flipped)),
    /layer 1, unpacked, has the digest sha256:\w{64}, not sha256:\w{64}/,
  );
  await refused(
    read(ociLayout({ ...shop, diffIds: [digest(Buffer.from('other'))] })),
    /layer 1, unpacked, has the digest/,
  );
  const saved = dockerSave(shop);
  const config = [...saved.keys()].find((path) => /^\w{64}\.json$/.test(path))!;
  await refused(read(new Map(saved).set(config, Buffer.from('{}'))), /the configuration has the digest/);
  await refused(read(ociLayout({ ...shop, diffIds: [] })), /it has 1 layers, its configuration tells of 0/);
});

test('a blob or a document that was changed is told although what it holds is the same', async () => {
  const { packed, diffId } = gzipped(shop.layers[0]!);
  const layout = ociLayout({ ...shop, layers: [packed], diffIds: [diffId] });
  const layer = `blobs/sha256/${digest(packed).slice(7)}`;
  const other = Buffer.from(packed);
  other[9] = 0x42; // the system that packed it
  await refused(
    read(new Map(layout).set(layer, other)),
    /layer 1 has the digest sha256:\w{64}, not sha256:\w{64}/,
  );
  for (const [path, bytes] of layout) {
    if (bytes[0] !== 0x7b || !path.startsWith('blobs/')) continue;
    const changed = Buffer.concat([bytes, Buffer.from(' ')]);
    await refused(read(new Map(layout).set(path, changed)), /has the digest sha256:\w{64}, not sha256:/);
  }
  const longer = Buffer.concat([packed, Buffer.from('x')]);
  await refused(read(new Map(layout).set(layer, longer)), /layer 1 has \d+ bytes, its manifest says \d+/);
});

test('a path that stands twice in one layer counts once, as it stands last', async () => {
  const image = await layered([
    { path: 'a', body: '12345' },
    { path: 'a', body: '123' },
  ]);
  assert.deepEqual([image.size, image.wasted.overwritten], [3, 0]);
});

test('a layer that is cut off, packed or not, is told', async () => {
  const layer = tarOf([{ path: 'shop', body: Buffer.alloc(5000, 7) }]);
  const { packed, diffId } = gzipped(layer);
  await refused(read(dockerSave({ layers: [layer.subarray(0, 2000)] })), /ends within "shop" \(layer 1\)/);
  const cut = { layers: [packed.subarray(0, packed.length - 20)], diffIds: [diffId] };
  await refused(read(ociLayout(cut)), /layer 1, packed with gzip, cannot be read \(unexpected end of file\)/);
  const zstd = zstdCompressSync(layer);
  await refused(
    read(ociLayout({ layers: [zstd.subarray(0, -5)], diffIds: [diffId] })),
    /packed with zstd, cannot be read/,
  );
});

test('what is no image is told as such', async () => {
  await refused(read(new Map()), /holds no image: neither index\.json of an OCI layout nor manifest\.json/);
  await refused(read(new Map([['manifest.json', Buffer.from('[]')]])), /its list of images is empty/);
  await refused(read(new Map([['manifest.json', Buffer.from('{}')]])), /manifest\.json is no list of images/);
  await refused(read(new Map([['manifest.json', Buffer.from('<html>')]])), /manifest\.json is no JSON/);
  await refused(
    read(new Map([['index.json', Buffer.from('{"manifests":[{"digest":"md5:1"}]}')]])),
    /"md5:1" is no SHA-256 digest/,
  );
  await refused(tarArchive(memorySource(Buffer.from('no tar')), defaultLimits), /ends within a tar header/);
  await refused(tarArchive(memorySource(Buffer.alloc(1024, 65)), defaultLimits), /wrong checksum/);
});

test('paths that lead out of the image are refused', async () => {
  for (const path of ['../etc/passwd', 'a/../../b', '/..']) {
    await refused(layered([{ path, body: 'x' }]), /which leads out of it/);
  }
  await refused(layered([{ path: 'l', type: '1', link: '../../etc/shadow' }]), /which leads out of it/);
});

test('links of the archive that lead in a circle are told', async () => {
  const tar = tarOf([
    { path: 'manifest.json', type: '2', link: 'other.json' },
    { path: 'other.json', type: '2', link: 'manifest.json' },
  ]);
  const archive = await tarArchive(memorySource(tar), defaultLimits);
  await refused(readImage(archive, anything, { spool: memorySpool() }), /links lead in a circle/);
});

test('a layer that an older engine wrote as a link to another is read there', async () => {
  const layer = shop.layers[0]!;
  const files = dockerSave({ ...shop, layers: [layer, layer] });
  const [first, second] = [...files.keys()].filter((path) => path.endsWith('layer.tar')) as [string, string];
  files.delete(second);
  const tar = tarOf([
    ...[...files].map(([path, body]) => ({ path, body })),
    { path: second, type: '2', link: `../${first}` },
  ]);
  const image = await readImage(await tarArchive(memorySource(tar), defaultLimits), anything, {
    spool: memorySpool(),
  });
  assert.equal(image.layers.length, 2);
  assert.equal(image.wasted.overwritten, 6);
});

test('more files, more bytes and more layers than there may be are refused', async () => {
  const files = Array.from({ length: 11 }, (_, i) => ({ path: `f${i}`, body: 'x'.repeat(2000) }));
  const saved = dockerSave({ layers: [tarOf(files)] });
  await refused(read(saved, {}, { ...defaultLimits, entries: 10 }), /more than 10 files/);
  await refused(
    read(saved, {}, { ...defaultLimits, unpackedBytes: 20_000 }),
    /unpack to more than 20000 bytes/,
  );
  const layers = Array.from({ length: 3 }, (_, i) => tarOf([{ path: `${i}`, body: 'x' }]));
  await refused(
    read(dockerSave({ layers }), {}, { ...defaultLimits, layers: 2 }),
    /has 3 layers, more than 2/,
  );
  await refused(
    tarArchive(memorySource(tarOf(files)), { ...defaultLimits, archiveEntries: 5 }),
    /more than 5 files/,
  );
});

test('a zstd stream that wants too much memory, or is cut into too many blocks, is refused', async () => {
  const zstd = (bytes: Buffer) => ociLayout({ layers: [bytes], diffIds: [digest(Buffer.alloc(0))] });
  const huge = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88]), Buffer.alloc(20)]);
  await refused(read(zstd(huge)), /wants a window of 134217728 bytes, more than/);
  // A frame with a window of 64 MiB, then blocks of one byte each.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x80]);
  const block = Buffer.from([(1 << 3) | 2, 0, 0, 0x61]);
  const tiny = Buffer.concat([frame, ...Array.from({ length: 200_000 }, () => block)]);
  await refused(read(zstd(tiny)), /cut into so many blocks that unpacking it takes too long/);
});

test('whiteouts that come again and again, and links that multiply, end soon', {
  timeout: 30_000,
}, async () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({ path: `d/${i}`, body: 'x' }));
  const empty = Array.from({ length: 3000 }, () => ({ path: 'd/.wh..wh..opq' }));
  const gone = Array.from({ length: 3000 }, () => ({ path: '.wh.d' }));
  assert.equal((await layered(many, [...many, ...empty, ...gone])).wasted.removed, 0);
  const links = Array.from({ length: 60 }, (_, i) => ({
    path: `l${i}`,
    type: '2',
    link: `l${i + 1}/`.repeat(20),
  }));
  const through = Array.from({ length: 2000 }, (_, i) => ({ path: `l0/${i}`, body: 'x' }));
  assert.equal((await layered([...links, ...through])).layers[0]!.files, 2000);
});

test('a path of too many folders, and a file with too many headers, are refused', async () => {
  const deep = { path: 'x', body: '', pax: { path: 'a/'.repeat(300) } };
  await refused(layered([deep]), /holds a path of 300 folders/);
  const long = { path: 'x', body: '', pax: { path: 'a'.repeat(5000) } };
  await refused(layered([long]), /holds a path of 5000 characters/);
  const headers = Array.from({ length: 40 }, () => ({ path: 'pax', type: 'x', body: '' }));
  await refused(
    layered([...headers, { path: 'x', body: '' }]),
    /more than 32 tar headers belong to one file/,
  );
});

test('an index that leads to itself over and over is refused', async () => {
  const files = ociLayout(shop);
  let inner = Buffer.from('{"manifests":[]}');
  for (let depth = 0; depth < 4; depth++) {
    files.set(`blobs/sha256/${digest(inner).slice(7)}`, inner);
    const entry = { digest: digest(inner), size: inner.length };
    inner = Buffer.from(JSON.stringify({ manifests: Array.from({ length: 40 }, () => entry) }));
  }
  files.set('index.json', inner);
  await refused(read(files), /leads to more than 1000 documents/);
});

test('a bomb of gzip ends at the limit, long before it is unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024));
  const layer = { layers: [bomb], diffIds: [digest(Buffer.alloc(0))] };
  await refused(
    read(ociLayout(layer), {}, { ...defaultLimits, unpackedBytes: 1_000_000 }),
    /unpack to more than/,
  );
});

test('a layer of 300 MB goes by without staying in memory', { timeout: 60_000 }, async () => {
  const size = 300 * 1024 * 1024;
  const layer = syntheticTar(size);
  const hash = createHash('sha256');
  for await (const chunk of chunksOf(layer)) hash.update(chunk);
  const files = dockerSave({ layers: [Buffer.from('stand-in')], diffIds: [`sha256:${hash.digest('hex')}`] });
  const name = [...files.keys()].find((path) => path.endsWith('layer.tar'));
  const others = asArchive(files);
  const before = process.memoryUsage.rss();
  let most = before;
  const watched: Source = {
    size: layer.size,
    read: async (offset, length) => {
      most = Math.max(most, process.memoryUsage.rss());
      return layer.read(offset, length);
    },
  };
  const archive = { get: async (path: string) => (path === name ? watched : others.get(path)) };
  const image = await readImage(archive, anything, { spool: memorySpool() });
  assert.equal(image.size, size);
  assert.ok(most - before < 100 * 1024 * 1024, `grew by ${((most - before) / 1e6).toFixed(0)} MB`);
});

/** A tar of one large file that is made as it is read. */
function syntheticTar(size: number): Source {
  const head = header('large', {}, size);
  const total = 512 + size + 1024;
  return {
    size: total,
    read: async (offset, length) => {
      const bytes = Buffer.alloc(Math.min(length, total - offset));
      bytes.fill(7, Math.max(0, 512 - offset), Math.max(0, Math.min(bytes.length, 512 + size - offset)));
      if (offset < 512) head.copy(bytes, 0, offset);
      return bytes;
    },
  };
}
