/** What the gate knows of the folder that is sent to the build, read once by whoever asks. */
export type BuildContext = {
  /** Name of the Dockerfile relative to the context. */
  dockerfile: string;
  /** Paths of files, forward slashes, without what .git holds; cut at a limit. */
  files: readonly string[];
  /** Whether the limit cut `files`. */
  truncated: boolean;
  /** Texts of the files that rules read, by path: the ignore file, go.mod, go.sum, go.work, and what is copied by name. */
  texts: ReadonlyMap<string, string>;
  /** The ignore file that counts: `Dockerfile.dockerignore` beside the file, or `.dockerignore`. */
  dockerignore: string | undefined;
  /** What `go mod tidy -diff` says. */
  tidy: { state: 'tidy' } | { state: 'untidy'; diff: string } | { state: 'unknown'; why: string };
  /** Whether a package that the main packages link imports "C" where CGO is on, net among them; undefined: not known. */
  cgo: boolean | undefined;
};
