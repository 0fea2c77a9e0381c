// What must hold of our own readers and writers, whatever bytes they are given.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encodeTarGz } from '../../scaffold/src/emit/tar.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { ArchiveError, decodeTarGz } from '../../scaffold/src/emit/untar.ts';
import { CliError } from '../../scaffold/src/errors.ts';
import { withGoParser } from '../../scaffold/src/go/syntax.ts';
import { lineMerge, mergeText } from '../../scaffold/src/merge/text.ts';
import { routeFolder, templateFolder } from '../../scaffold/src/package.ts';
import { readPattern } from '../../scaffold/src/route/pattern.ts';
import { planRoute, type ServiceSources } from '../../scaffold/src/route/plan.ts';
import { readObjective, readSampling } from '../../scaffold/src/route/promise.ts';
import { imageProperties } from './image-properties.ts';
import { image } from './image-reader.ts';
import { maskingProperties } from './masking-property.ts';
import { shellProperties } from './shell-property.ts';
import { specProperties } from './spec-property.ts';
import type { Property } from './target.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The template's Go files in one folder by name. */
function goFiles(folder: string): Map<string, Uint8Array> {
  const files = [...readTemplate(templateFolder).files];
  return new Map(
    files
      .filter(([path]) => path.startsWith(`${folder}/`) && path.endsWith('.go'))
      .map(([path, { bytes }]) => [path.slice(folder.length + 1), bytes]),
  );
}

/** A message without what is different in every input. */
function kindOf(error: Error): string {
  return error.message.replaceAll(/"(?:\\.|[^"\\])*"|\S*\d\S*|\S+\/\S+/g, '…');
}

/** The reader of .go-sre/base.tar.gz: an ArchiveError or files with paths inside the folder, and nothing else. */
function archive(): Property {
  const files = ['go.mod', 'internal/server/routes.go', `a/${'long/'.repeat(20)}file`];
  const tar = gunzipSync(
    encodeTarGz(files.map((path) => ({ path, bytes: utf8(`text of ${path}`), mode: 0o644 }))),
  );
  return {
    // The first byte says whether checksums are put right, so that what stands behind them is reached.
    seeds: [new Uint8Array([0, ...tar]), new Uint8Array([1, ...tar])],
    check: (input) => {
      const bytes = Buffer.from(input.subarray(1));
      if ((input[0] ?? 0) % 2 === 1) rightChecksums(bytes);
      try {
        const found = decodeTarGz(gzipSync(bytes, { level: 1 }));
        for (const { path } of found) {
          if (/(?:^|\/)\.{0,2}(?:\/|$)|\\/.test(path)) throw new Error(`let ${JSON.stringify(path)} through`);
        }
        return `${found.length} files`;
      } catch (error) {
        if (error instanceof ArchiveError) return kindOf(error);
        throw error;
      }
    },
  };
}

function rightChecksums(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const head = tar.subarray(at, at + 512);
    if (head.toString('latin1', 257, 262) !== 'ustar') continue;
    const sum = head.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}

/** The three-way merge: one side's change alone is taken as it is, and no line that the user added is lost. */
function merge(): Property {
  const routes = new TextDecoder().decode(goFiles('internal/server').get('routes.go'));
  const edited = routes.replace('return []Route{', 'return []Route{\n\t\t// mine');
  const versions = (...texts: string[]) => utf8(texts.join('\0'));
  const merges = lineMerge('new');
  return {
    seeds: [
      versions(routes, edited, routes.replace('0.999', '0.99')),
      versions('a\nb\nc\n', 'a\nB\nc\n', 'a\nb\nd'),
      versions('', 'a\r\nb\r\n', 'c\n'),
    ],
    check: (input) => {
      const [base = '', ours = '', theirs = ''] = new TextDecoder().decode(input).split('\0');
      if (mergeText({ base, ours, theirs: base }, merges).text !== ours)
        throw new Error("the user's own text was changed");
      const { text, conflicts } = mergeText({ base, ours, theirs }, merges);
      const lines = (all: string) => all.split('\n').map((line) => line.replace(/\r+$/, ''));
      const [before, after] = [new Set(lines(base)), new Set(lines(text))];
      const lost = lines(ours).find((line) => !before.has(line) && !after.has(line));
      if (lost !== undefined) throw new Error(`lost ${JSON.stringify(lost)}`);
      return `${Math.min(conflicts.length, 20)} conflicts`;
    },
  };
}

/**
 * `go-sre route add` over any table: it says no, or it adds to the file and keeps every byte, and a file that could be
 * parsed still can.
 */
function routes(): Property {
  const server = goFiles('internal/server');
  const source = (name: string) => readFileSync(join(routeFolder, name), 'utf8');
  const route = readPattern('POST', '/refund');
  const request = { route, objective: readObjective({}), sampling: readSampling(undefined, route) };
  const service: Omit<ServiceSources, 'server'> = {
    module: 'example.com/shop',
    sloJson: undefined,
    telemetry: 'example.com/shop/internal/telemetry',
    sources: { handler: source('handler.go'), test: source('handler_test.go') },
  };
  return {
    seeds: [server.get('routes.go')!],
    check: (input) =>
      withGoParser((parse) => {
        const changed = new Map(server).set('routes.go', input);
        try {
          const plan = planRoute(request, { ...service, server: changed }, parse);
          if ('reason' in plan.place) return plan.place.reason;
          const file = plan.files.find(({ path }) => path === 'internal/server/routes.go');
          if (file === undefined) return `into ${plan.place.path}`;
          if (!keepsEveryByte(Buffer.from(input), Buffer.from(file.after))) throw new Error('a byte is gone');
          const texts = [input, file.after].map((bytes) => new TextDecoder().decode(bytes));
          const [before, after] = texts.map((text) => parse('routes.go', text).brokenLine);
          if (before === undefined && after !== undefined) throw new Error(`line ${after} cannot be parsed`);
          return `added, ${before === undefined ? 'whole' : 'broken'}`;
        } catch (error) {
          if (error instanceof CliError) return kindOf(error);
          throw error;
        }
      }),
  };
}

/** Whether the bytes before are those after without what was put in between, in two places at most. */
function keepsEveryByte(before: Buffer, after: Buffer): boolean {
  let [start, end] = [0, 0];
  while (start < before.length && before[start] === after[start]) start++;
  while (end < before.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const middle = before.subarray(start, before.length - end);
  return after.subarray(start, after.length - end).includes(middle);
}

/** Every property by name. */
export const properties = {
  archive,
  merge,
  routes,
  ...imageProperties,
  ...shellProperties,
  ...maskingProperties,
  ...specProperties,
  image,
} satisfies Record<string, () => Property>;

export type PropertyName = keyof typeof properties;
