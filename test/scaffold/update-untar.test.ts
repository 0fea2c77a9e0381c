import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type ArchivedFile, encodeTarGz } from '../../scaffold/src/emit/tar.ts';
import { ArchiveError, decodeTarGz } from '../../scaffold/src/emit/untar.ts';

const anyPath = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._é-]{0,40}$/), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'));

const anyFiles: fc.Arbitrary<ArchivedFile[]> = fc.uniqueArray(
  fc.record({
    path: anyPath,
    bytes: fc.uint8Array({ maxLength: 1_500 }),
    mode: fc.constantFrom(0o644, 0o755),
  }),
  { selector: ({ path }) => path, maxLength: 8 },
);

test('every archive that the generator writes reads back as it was', () => {
  fc.assert(
    fc.property(anyFiles, (files) => {
      const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      assert.deepEqual(
        decodeTarGz(encodeTarGz(files)).map((file) => ({ ...file, bytes: [...file.bytes] })),
        sorted.map((file) => ({ ...file, bytes: [...file.bytes] })),
      );
    }),
  );
});

test('whatever bytes an archive was changed in, it reads as files inside the folder or is refused', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(anyFiles, changes, fc.boolean(), fc.nat(), (files, list, inside, cut) => {
      const archive = Buffer.from(encodeTarGz(files));
      const bytes = inside ? Buffer.from(gunzipSync(archive)) : archive;
      for (const [at, value] of list) bytes[at % bytes.length] = value;
      const changed = cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      try {
        for (const { path } of decodeTarGz(inside ? gzipSync(changed) : changed)) {
          assert.doesNotMatch(path, /^\/|\\|(?:^|\/)\.{0,2}(?:\/|$)|\0/);
        }
      } catch (error) {
        assert.ok(error instanceof ArchiveError, String(error));
      }
    }),
    { numRuns: 600 },
  );
});

/** An archive of one file whose header is changed, with a checksum that fits. */
function tampered(change: (head: Buffer) => void, path = 'aaaaaaaa'): Uint8Array {
  const tar = Buffer.from(gunzipSync(encodeTarGz([{ path, bytes: Buffer.from('x'), mode: 0o644 }])));
  const head = tar.subarray(0, 512);
  change(head);
  head.write('        ', 148, 'latin1');
  head.write(
    `${head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return gzipSync(tar);
}

const refused: Record<string, [Uint8Array, RegExp]> = {
  'a path that climbs out': [
    tampered((head) => head.write('../x.sh\0', 0)),
    /"\.\.\/x\.sh", which leads out/,
  ],
  'an absolute path': [tampered((head) => head.write('/etc/x\0', 0)), /leads out/],
  'a path in a prefix that climbs out': [tampered((head) => head.write('a/..', 345)), /leads out/],
  'a hook of git': [tampered((head) => head.write('.GIT/abc', 0)), /leads out/],
  'a backslash': [tampered((head) => head.write('a\\..\\b\0', 0)), /leads out/],
  'a drive letter': [tampered((head) => head.write('C:abc\0', 0)), /leads out/],
  'a symbolic link': [tampered((head) => head.write('2', 156)), /not a regular file/],
  'a folder': [tampered((head) => head.write('5', 156)), /not a regular file/],
  'a size beyond the end': [tampered((head) => head.write('77777777777\0', 124)), /ends within aaaaaaaa/],
  'a size that is no number': [tampered((head) => head.write('-1\0', 124)), /no octal number/],
  'another format': [tampered((head) => head.write('gnutar', 257)), /not ustar/],
  'the same path twice': [
    gzipSync(
      Buffer.concat(
        [0, 1].map((end) =>
          Buffer.from(gunzipSync(encodeTarGz([{ path: 'a', bytes: Buffer.alloc(0), mode: 0o644 }]))).subarray(
            0,
            end ? undefined : 512,
          ),
        ),
      ),
    ),
    /holds a twice/,
  ],
  'no end': [gzipSync(Buffer.alloc(512)), /no proper end/],
  'a bomb': [gzipSync(Buffer.alloc(65_000_000)), /unpacks to more than 64 MB/],
  'no gzip': [Buffer.from('hello'), /is damaged \(gzip\)/],
  'half a gzip': [
    encodeTarGz([{ path: 'a', bytes: Buffer.alloc(9_000, 'ab'), mode: 0o644 }]).subarray(0, 60),
    /is damaged \(gzip\)/,
  ],
};

for (const [what, [archive, says]] of Object.entries(refused)) {
  test(`an archive with ${what} is refused`, () => {
    assert.throws(() => decodeTarGz(archive), says);
    assert.throws(() => decodeTarGz(archive), ArchiveError);
  });
}
