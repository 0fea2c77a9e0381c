import { isAbsolute, resolve } from 'node:path';
import { expectGo, type GoTool } from './go-tool.ts';

/** go.mod or go.work, as `go mod edit -json` and `go work edit -json` print them. */
export type ModFile = {
  path: string;
  go: string | undefined;
  toolchain: string | undefined;
  requires: readonly string[];
  /** Modules that a replace puts into a folder: absolute paths. */
  local: readonly { path: string; dir: string }[];
};

export type WorkFile = Omit<ModFile, 'path' | 'requires'> & { uses: readonly string[] };

type Replace = { Old: { Path: string }; New: { Path: string; Version?: string } };
type Written = {
  Module?: { Path: string };
  Go?: string;
  Toolchain?: string;
  Require?: { Path: string }[] | null;
  Replace?: Replace[] | null;
  Use?: { DiskPath: string }[] | null;
};

/** Reads go.mod of a folder. @throws CliError (exit code 1) when go cannot read it */
export async function readModFile(dir: string, go: GoTool): Promise<ModFile> {
  const answer = await go(['mod', 'edit', '-json', resolve(dir, 'go.mod')], dir, { GOWORK: 'off' });
  const written = JSON.parse(expectGo(answer, `Reading ${resolve(dir, 'go.mod')}`)) as Written;
  return {
    path: written.Module?.Path ?? '',
    requires: (written.Require ?? []).map(({ Path }) => Path),
    ...lines(written, dir),
  };
}

/** Reads go.work. @throws CliError (exit code 1) when go cannot read it */
export async function readWorkFile(file: string, dir: string, go: GoTool): Promise<WorkFile> {
  const written = JSON.parse(
    expectGo(await go(['work', 'edit', '-json', file], dir), `Reading ${file}`),
  ) as Written;
  return { uses: (written.Use ?? []).map(({ DiskPath }) => resolve(dir, DiskPath)), ...lines(written, dir) };
}

function lines({ Go, Toolchain, Replace }: Written, dir: string) {
  const local = (Replace ?? []).filter(({ New }) => New.Version === undefined && isFolder(New.Path));
  return {
    go: Go,
    toolchain: Toolchain?.replace(/^go/, ''),
    local: local.map(({ Old, New }) => ({ path: Old.Path, dir: resolve(dir, New.Path) })),
  };
}

/** A replacement without a version is a folder: it begins with a dot or is absolute. */
function isFolder(path: string): boolean {
  return /^\.\.?(?:[/\\]|$)/.test(path) || isAbsolute(path);
}
