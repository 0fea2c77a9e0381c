import type { ImageConfig } from './config.ts';
import type { BinaryFacts } from './file-facts.ts';
import type { Hidden, ImageFile } from './file-system.ts';
import type { OsRelease, SystemPackage } from './packages.ts';
import type { LayerFacts } from './read-layer.ts';
import type { FoundSecret } from './secrets.ts';

/** A binary that can be seen in the image. */
export type Binary = { file: ImageFile; facts: BinaryFacts };

/** The C library that programs of the image are loaded with. */
export type Libc =
  | { kind: 'glibc'; path: string; release: string | undefined; offers: readonly string[] }
  | { kind: 'musl'; path: string };

/** What the image runs when nothing else is said. */
export type Entry = {
  argv: readonly string[];
  /** Where the first word leads; undefined where it leads nowhere. */
  file: ImageFile | undefined;
  /** The Go binary among the words, through a shell or an init; undefined where it runs none. */
  goProgram: Binary | undefined;
  /** The program of HEALTHCHECK as it is written, and whether it is there; undefined without one. */
  healthcheck: { program: string; found: boolean } | undefined;
};

/** Bytes that are carried along and never read. */
export type Wasted = {
  overwritten: number;
  removed: number;
  /** Further copies of a content that can be seen elsewhere. */
  duplicated: number;
  /** Of all three in the image's size, 0 to 1. */
  share: number;
  hidden: readonly Hidden[];
  /** Files of one content, the largest waste first. */
  copies: readonly { sha256: string; size: number; files: readonly ImageFile[] }[];
};

/** A file in some layer that holds a secret, whether it can still be seen or not. */
export type SecretFile = { file: ImageFile; secrets: readonly FoundSecret[]; visible: boolean };

/** Everything that is known of an image after it was read once. */
export type Image = {
  names: readonly string[];
  manifestDigest: string | undefined;
  configDigest: string;
  config: ImageConfig;
  /** Contents of all layers, as `docker image inspect` has it in Size on a storage driver such as overlay2. */
  size: number;
  /** Undefined where a layer's is not known. */
  compressedSize: number | undefined;
  /** Whether the compressed size was measured here and not told by a manifest. */
  compressedMeasured: boolean;
  layers: readonly (LayerFacts & { createdBy: string })[];
  wasted: Wasted;
  binaries: readonly Binary[];
  libc: Libc | undefined;
  entry: Entry;
  secrets: readonly SecretFile[];
  /** Files with the setuid or setgid bit. */
  setuid: readonly ImageFile[];
  /** Files that everybody may write. */
  worldWritable: readonly ImageFile[];
  /** Paths of package managers and of shells. */
  packageManagers: readonly string[];
  shells: readonly string[];
  os: OsRelease | undefined;
  packages: readonly SystemPackage[];
  /** Users to whom /etc/passwd gives the number 0. */
  rootNames: ReadonlySet<string>;
  /** Names of files that are there, without their folders: what libraries are looked up in. */
  fileNames: ReadonlySet<string>;
  /** Whether a path leads to something. */
  exists: (path: string) => boolean;
};
