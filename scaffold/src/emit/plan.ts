import type { Answers } from '../answers.ts';
import type { File, Files } from '../disk.ts';
import { basePath, manifestPath, renderManifest } from '../manifest.ts';
import { sha256 } from '../sha256.ts';
import { readSpec, renderOps } from '../slo/ops.ts';
import { emission, emittedBytes, emittedPath } from './emit.ts';
import { encodeTarGz } from './tar.ts';
import type { Template } from './template.ts';

/** Every file of the emitted service by its path in it, forward slashes. */
export type Plan = Files;

/**
 * The service that these answers ask for. Pure: the same answers, template and version give the same bytes.
 * @param version of the generator, for the manifest and the commands that CI runs
 */
export function plan(answers: Answers, template: Template, version: string): Plan {
  const service = emission(answers, template, version);
  const files = new Map<string, File>();
  for (const [from, file] of template.files) {
    const path = emittedPath(from, service);
    if (path === undefined) continue;
    if (files.has(path)) throw new Error(`the template has two files that become ${path}`);
    files.set(path, { ...file, bytes: emittedBytes(from, file.bytes, service) });
  }
  const slo = files.get('slo.json');
  if (slo === undefined) throw new Error('the template has no slo.json');
  const spec = readSpec(new TextDecoder().decode(slo.bytes));
  for (const [path, text] of renderOps(spec, { answers, choices: answers.render ?? {}, version }))
    files.set(path, { bytes: encode(text), mode: 0o644 });
  return new Map([...files, ...ownRecord(files, answers, version)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What `update` needs later: who made the files from what, and the files themselves as the merge base. */
function ownRecord(files: Files, answers: Answers, version: string): [string, File][] {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const manifest = renderManifest({
    generator: `create-go-sre-service@${version}`,
    answers,
    files: Object.fromEntries(sorted.map(([path, { bytes }]) => [path, sha256(bytes)])),
  });
  const base = encodeTarGz(sorted.map(([path, file]) => ({ path, ...file })));
  return [
    [manifestPath, { bytes: encode(manifest), mode: 0o644 }],
    [basePath, { bytes: base, mode: 0o644 }],
  ];
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
