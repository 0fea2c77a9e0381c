// Whatever bytes are given as an image: an ImageError with a sentence, or an image whose paths all lie inside of it.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { shippedBaseImages } from '../../images/data/base-images.ts';
import { type Archive, tarArchive } from '../../images/image/archive.ts';
import { defaultLimits } from '../../images/image/limits.ts';
import { ImageError } from '../../images/image/problem.ts';
import { readImage } from '../../images/image/read-image.ts';
import { checkImage, imageRules } from '../../images/image/rules.ts';
import { memorySource } from '../../images/image/source.ts';
import { renderSpdx } from '../../images/image/spdx.ts';
import { buildInfo, elfOf, pointedBuildInfo } from '../images/image/elf-making.ts';
import {
  asArchive,
  asTar,
  digest,
  dockerSave,
  memorySpool,
  ociLayout,
  rightChecksum,
  tarOf,
} from '../images/image/making.ts';
import type { Property } from './target.ts';

const limits = { ...defaultLimits, entries: 5000, unpackedBytes: 32 * 1024 * 1024 };

const module =
  'path\texample.com/shop\nmod\texample.com/shop\tv1.0.0\t\ndep\texample.com/a\tv1.0.0\th1:x=\nbuild\tCGO_ENABLED=0\n';
const layer = tarOf([
  { path: 'shop', body: elfOf({ data: buildInfo('go1.26.8', module) }), mode: 0o4755 },
  { path: 'old', body: elfOf({ big: true, machine: 22, data: pointedBuildInfo('go1.16', module, true) }) },
  { path: 'lib', body: elfOf({ wide: false, machine: 40, type: 3, interpreter: '/lib/ld.so' }) },
  { path: 'bin/sh', type: '2', link: '../shop' },
  { path: 'hard', type: '1', link: 'shop' },
  { path: 'long', body: 'x', pax: { path: 'a/very/long/path', size: '1' } },
  { path: 'var/lib/dpkg/status', body: 'Package: a\nStatus: install ok installed\nVersion: 1\n' },
]);
const upper = tarOf([{ path: '.wh.hard' }, { path: 'bin/.wh..wh..opq' }, { path: 'shop/x', body: 'ghp_x' }]);
const config = {
  User: '65532',
  Entrypoint: ['sh', '-c', 'exec /shop'],
  Env: ['PATH=/bin'],
  Labels: { a: 'b' },
};

/**
 * The first byte says what the rest is: a whole archive, or one layer of an image whose digests are put right, plain or
 * packed anew, so that what stands behind the digests is reached; the second whether checksums of headers are put right.
 */
export function image(): Property {
  const making = { layers: [layer, upper], config, names: ['shop:1'], history: [{ created_by: 'COPY' }] };
  const kinds = [
    asTar(dockerSave(making)),
    asTar(ociLayout(making)),
    layer,
    upper,
    gzipSync(layer),
    zstdCompressSync(layer),
  ];
  const seeds = kinds.flatMap((bytes, i) =>
    [0, 1].map((right) => new Uint8Array([i < 2 ? 0 : i < 4 ? 1 + right : 3, right, ...bytes])),
  );
  return {
    seeds,
    check: async (input) => {
      const bytes = Buffer.from(input.subarray(2));
      if ((input[1] ?? 0) % 2 === 1) rightChecksums(bytes);
      try {
        return await outcome(await archiveOf((input[0] ?? 0) % 4, bytes));
      } catch (error) {
        if (error instanceof ImageError)
          return error.message.replaceAll(/"(?:\\.|[^"\\])*"|\S*\d\S*|\S+\/\S+/g, '…');
        throw error;
      }
    },
  };
}

async function archiveOf(kind: number, bytes: Buffer): Promise<Archive> {
  if (kind === 0) return tarArchive(memorySource(bytes), limits);
  if (kind === 1) return asArchive(dockerSave({ layers: [layer, bytes], config }));
  const packed = kind === 2 ? gzipSync(bytes, { level: 1 }) : bytes;
  // What is packed already cannot be known unpacked: its digest is wrong, and everything before that is reached.
  return asArchive(ociLayout({ layers: [packed], config, diffIds: [digest(bytes)] }));
}

async function outcome(archive: Archive): Promise<string> {
  const wish = { name: undefined, platform: undefined };
  const read = await readImage(archive, wish, { spool: memorySpool(), limits });
  for (const { file } of read.binaries) {
    if (/(?:^|\/)\.\.(?:\/|$)|^\//.test(file.path))
      throw new Error(`let ${JSON.stringify(file.path)} through`);
  }
  const subject = {
    ...{ image: read, name: 'shop:1', budgetBytes: 1000, vulnerabilities: undefined },
    ...{ baseImages: shippedBaseImages, today: '2026-11-26' },
  };
  const found = checkImage(subject, imageRules, new Map());
  JSON.parse(renderSpdx(read, { version: '1', created: 0 }));
  return [...new Set(found.map(({ code }) => code))].join(' ');
}

function rightChecksums(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const head = tar.subarray(at, at + 512);
    if (head.toString('latin1', 257, 262) === 'ustar') rightChecksum(head);
  }
}
