import type { SpecFile } from '../../../slo/index.ts';
import type { Answers } from '../answers.ts';
import type { File, Files } from '../disk.ts';
import { CliError } from '../errors.ts';
import { generatorVersion, type Manifest, opsPrefix } from '../manifest.ts';
import { decodeText, mergeFile } from '../merge/file.ts';
import { sha256 } from '../sha256.ts';
import { renderOps } from '../slo/ops.ts';
import { joinedSpec, withPrinted } from '../slo/specs.ts';
import type { UpdateInput } from './plan.ts';

/**
 * Lets the files in ops/ follow from the merged slo.json instead of the template's: `theirs` becomes what is rendered
 * from it today, and a file that go-sre rendered counts as not changed by the user: one that has the sum recorded when
 * it was rendered, by whatever version, or that is what this one renders from the user's slo.json. What was edited by
 * hand is left to the merge by lines. A slo.json that is gone or wrong changes nothing here; the user hears of it from
 * the tests of the service.
 * @param recorded the manifest as it was before the update
 * @param now the answers after it, and the version that updates
 * @param specs the files with objectives as they are on the disk
 */
export function withRenderedOps(
  input: UpdateInput,
  recorded: Manifest,
  now: { answers: Answers; version: string },
  specs: readonly SpecFile[],
): UpdateInput {
  const [base, ours, theirs] = [input.base, input.ours.files, input.theirs].map((files) =>
    files.get('slo.json'),
  );
  if (ours === undefined || theirs === undefined) return input;
  const versions = { base: base?.bytes, ours: ours.bytes, theirs: theirs.bytes };
  const merged = decodeText(mergeFile('slo.json', versions, input.label).bytes) ?? '';
  const rendered = render(withPrinted(specs, merged), now);
  if (rendered === undefined) return input;
  const before = { answers: recorded.answers, version: generatorVersion(recorded) };
  const own = render(specs, before) ?? new Map<string, File>();
  const byTool = [...input.ours.files].filter(([path, { bytes }]) => {
    if (!path.startsWith(opsPrefix)) return false;
    const sum = sha256(bytes);
    const again = own.get(path)?.bytes;
    return sum === recorded.files[path] || (again !== undefined && sum === sha256(again));
  });
  // What stands in neither the template nor the base was rendered since: its base is what this version still renders alike.
  const again = [...own].filter(([path, { bytes }]) => sha256(bytes) === recorded.files[path]);
  return {
    ...input,
    base: new Map([...input.base, ...again, ...byTool]),
    theirs: new Map([...[...input.theirs].filter(([path]) => !path.startsWith(opsPrefix)), ...rendered]),
  };
}

function render(
  specs: readonly SpecFile[],
  { answers, version }: { answers: Answers; version: string },
): Files | undefined {
  try {
    const choices = answers.render ?? {};
    const texts = renderOps(joinedSpec(specs).service, { answers, choices, version });
    return new Map(
      [...texts].map(([path, text]) => [path, { bytes: new TextEncoder().encode(text), mode: 0o644 }]),
    );
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
