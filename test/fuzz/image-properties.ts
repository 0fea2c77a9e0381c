// What must hold of the gate and of what it reads, whatever bytes they are given.
import { shippedBaseImages } from '../../images/data/base-images.ts';
import { parseDockerfile } from '../../images/dockerfile/parser.ts';
import { resolveStages } from '../../images/dockerfile/stages.ts';
import { applyFixes } from '../../images/fix.ts';
import { checkBuild } from '../../images/gate.ts';
import { reportFormats } from '../../images/reports/formats.ts';
import type { Subject } from '../../images/rules/rule.ts';
import { rules } from '../../images/rules/table.ts';
import { tricky } from '../images/dockerfile/tricky.ts';
import type { Property } from './target.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Whole words of Dockerfiles, which random bytes would not hit. */
const words = [
  ...[
    'FROM golang:1.22 AS build\n',
    'FROM scratch\n',
    'FROM build\n',
    'ARG V=1\n',
    'FROM a:$V\n',
    'ONBUILD ',
  ],
  ...[
    'RUN ',
    'COPY ',
    'ADD ',
    'ENV ',
    'USER root\n',
    'WORKDIR x\n',
    'EXPOSE 70000\n',
    'SHELL ["a"]\n',
    'CMD x\n',
  ],
  ...[
    '--from=build ',
    '--mount=type=cache,target=/x ',
    '--chown=1:1 ',
    '--platform=',
    'HEALTHCHECK ',
    '\\\n',
    '`\n',
  ],
  ...[
    '<<EOF\n',
    'EOF\n',
    '&& ',
    '|| ',
    '| ',
    '$(',
    ')',
    '${A:-',
    '}',
    '["',
    '"]',
    "'",
    '#',
    '# syntax=docker/dockerfile:1\n',
  ],
  ...[
    '# escape=`\n',
    '# go-sre ignore=base-eol\n',
    '# hadolint ignore=DL3006\n',
    'apt-get install -y x ',
    'apk add x ',
  ],
  ...[
    'go build -o /x . ',
    'CGO_ENABLED=1 ',
    'pip install x ',
    'npm i x ',
    'curl x ',
    'wget x ',
    'cd /x ',
    'sudo x ',
  ],
  ...[
    'AWS_SECRET=',
    'AKIAIOSFODNN7EXAMPLE',
    'LABEL a=b\n',
    'MAINTAINER x\n',
    'STOPSIGNAL 9\n',
    'VOLUME /x\n',
    '.env ',
  ],
];

/** Like a real context, with what the rules look for. */
const context: Subject['context'] = {
  ...{ dockerfile: 'Dockerfile', truncated: false, dockerignore: '.dockerignore', cgo: true },
  files: [
    '.dockerignore',
    '.env',
    'Dockerfile',
    'README.md',
    'cmd/x/main.go',
    'go.mod',
    'go.sum',
    'vendor/modules.txt',
  ],
  texts: new Map([
    ['.dockerignore', '.git\n*.md\n'],
    ['go.mod', 'module x\n\ngo 1.26.0\n'],
    ['go.sum', ''],
  ]),
  tidy: { state: 'untidy', diff: '--- go.mod\n+++ go.mod\n' },
};

function dockerfile(): Property {
  return {
    seeds: Object.values(tricky).map(utf8),
    tokens: words,
    check: (input) => {
      const text = new TextDecoder().decode(input);
      const build = resolveStages(parseDockerfile(text));
      const subject: Omit<Subject, 'shell' | 'steps'> = {
        ...{ build, context: input.length % 2 === 0 ? context : undefined },
        ...{ baseImages: shippedBaseImages, today: '2026-11-26' },
        settings: {
          trustedRegistries: ['docker.io'],
          labelSchema: new Map([['a', 'semver']]),
          strictLabels: true,
        },
      };
      const { findings } = checkBuild(subject, rules, new Map(), 'Dockerfile');
      for (const { code, file, line } of findings) {
        const isThere =
          file !== 'Dockerfile' || (line! >= 1 && line! <= Math.max(1, build.dockerfile.lines.length));
        if (!isThere) throw new Error(`${code} names line ${line} of ${build.dockerfile.lines.length}`);
      }
      parseDockerfile(applyFixes(text, undefined, findings).text);
      const meta = { version: '0', cards: new Map(), checked: 1, ignored: 0, notes: [] };
      reportFormats.text(findings, { ...meta, sources: new Map([['Dockerfile', build.dockerfile.lines]]) });
      const codes = [...new Set(findings.map(({ code }) => code))].sort();
      return codes.length > 4 ? `${codes.length} codes` : codes.join();
    },
  };
}

/** Every property of the image gate by name. */
export const imageProperties = { dockerfile } satisfies Record<string, () => Property>;
