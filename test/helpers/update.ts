// Services emitted from an older template, to be updated to a newer one, for tests of `go-sre update`.
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Answers } from '../../scaffold/src/answers.ts';
import type { Template } from '../../scaffold/src/emit/template.ts';
import { emitService, plainAnswers } from './emitted-service.ts';

export const orders: Answers = { ...plainAnswers, name: 'orders', module: 'example.com/orders' };

/** A template with some files given as texts, bytes or functions of their text, or taken away (undefined). */
export function changedTemplate(
  template: Template,
  changes: Readonly<Record<string, string | Uint8Array | ((text: string) => string) | undefined>>,
): Template {
  const files = new Map(template.files);
  for (const [path, change] of Object.entries(changes)) {
    const before = files.get(path);
    const mode = before?.mode ?? 0o644;
    if (change === undefined) files.delete(path);
    else if (typeof change !== 'function') files.set(path, { bytes: Buffer.from(change), mode });
    else {
      const text = Buffer.from(before?.bytes ?? []).toString();
      const changed = change(text);
      if (changed === text) throw new Error(`the change of ${path} changes nothing`);
      files.set(path, { bytes: Buffer.from(changed), mode });
    }
  }
  return { ...template, files };
}

/** An empty folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'go-sre-update-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the service that these answers gave with `template` at `version`. */
export async function emit(
  dir: string,
  template: Template,
  answers = orders,
  version = '1.0.0',
): Promise<void> {
  await emitService(answers, dir, { template, version });
}

/** Every file below `dir` but those of git: path -> content, as latin1 text, with the mode before it. */
export function tree(dir: string): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const files = paths.filter((path) => !/^\.git(?:\/|$)/.test(path) && statSync(join(dir, path)).isFile());
  return Object.fromEntries(
    files.map((path) => {
      const mode = (statSync(join(dir, path)).mode & 0o777).toString(8);
      return [path, `${mode} ${readFileSync(join(dir, path), 'latin1')}`];
    }),
  );
}
