import type { File, Files } from '../disk.ts';
import { CliError } from '../errors.ts';
import { decodeText, mergeFile } from '../merge/file.ts';
import { readSpec, renderOps } from '../slo/ops.ts';
import type { UpdateInput } from './plan.ts';

/**
 * Lets the files in ops/ follow from the merged slo.json instead of the template's: `theirs` becomes what is rendered
 * from it today, and a file that `go-sre slo render` gave counts as not changed by the user, whatever slo.json says
 * by now. What was edited by hand is left to the merge by lines. A slo.json that is gone or wrong changes nothing
 * here; the user hears of it from the tests of the service.
 * @param options names of the template options that are on
 */
export function withRenderedOps(input: UpdateInput, options: readonly string[]): UpdateInput {
  const [base, ours, theirs] = [input.base, input.ours.files, input.theirs].map((files) =>
    files.get('slo.json'),
  );
  if (ours === undefined || theirs === undefined) return input;
  const versions = { base: base?.bytes, ours: ours.bytes, theirs: theirs.bytes };
  const rendered = render(mergeFile('slo.json', versions, input.label).bytes, options);
  if (rendered === undefined) return input;
  const own = render(ours.bytes, options) ?? new Map<string, File>();
  const byTool = [...own].filter(([path, { bytes }]) => {
    const there = input.ours.files.get(path);
    return there !== undefined && Buffer.compare(there.bytes, bytes) === 0;
  });
  return {
    ...input,
    base: new Map([...input.base, ...byTool]),
    theirs: new Map([...[...input.theirs].filter(([path]) => !path.startsWith('ops/')), ...rendered]),
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
