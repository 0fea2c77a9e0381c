import { type File, type Files, sha256 } from '../disk.ts';
import { CliError } from '../errors.ts';
import { type Manifest, opsPrefix } from '../manifest.ts';
import { decodeText, mergeFile } from '../merge/file.ts';
import { readSpec, renderOps } from '../slo/ops.ts';
import type { UpdateInput } from './plan.ts';

/**
 * Lets the files in ops/ follow from the merged slo.json instead of the template's: `theirs` becomes what is rendered
 * from it today, and a file that go-sre rendered counts as not changed by the user: one that has the sum recorded when
 * it was rendered, by whatever version, or that is what this one renders from the user's slo.json. What was edited by
 * hand is left to the merge by lines. A slo.json that is gone or wrong changes nothing here; the user hears of it from
 * the tests of the service.
 * @param recorded the manifest as it was before the update
 * @param options names of the template options that are on after it
 */
export function withRenderedOps(
  input: UpdateInput,
  recorded: Manifest,
  options: readonly string[],
): UpdateInput {
  const [base, ours, theirs] = [input.base, input.ours.files, input.theirs].map((files) =>
    files.get('slo.json'),
  );
  if (ours === undefined || theirs === undefined) return input;
  const versions = { base: base?.bytes, ours: ours.bytes, theirs: theirs.bytes };
  const rendered = render(mergeFile('slo.json', versions, input.label).bytes, options);
  if (rendered === undefined) return input;
  const own = render(ours.bytes, recorded.answers.with) ?? new Map<string, File>();
  const byTool = [...input.ours.files].filter(([path, { bytes }]) => {
    if (!path.startsWith(opsPrefix)) return false;
    const sum = sha256(bytes);
    const again = own.get(path)?.bytes;
    return sum === recorded.files[path] || (again !== undefined && sum === sha256(again));
  });
  return {
    ...input,
    base: new Map([...input.base, ...byTool]),
    theirs: new Map([...[...input.theirs].filter(([path]) => !path.startsWith(opsPrefix)), ...rendered]),
  };
}

function render(slo: Uint8Array, options: readonly string[]): Files | undefined {
  try {
    const texts = renderOps(readSpec(decodeText(slo) ?? ''), options);
    return new Map(
      [...texts].map(([path, text]) => [path, { bytes: new TextEncoder().encode(text), mode: 0o644 }]),
    );
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
