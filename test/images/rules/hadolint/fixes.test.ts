import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '../../../../images/dockerfile/parser.ts';
import { applyFixes } from '../../../../images/fix.ts';
import { judge } from './judge.ts';

/** The text after the mends of one rule; judged until nothing changes, as mends of one line come one by one. */
function mended(code: string, text: string): string {
  const { text: after } = applyFixes(text, undefined, judge(code, text));
  return after === text ? text : mended(code, after);
}

const mends: readonly [code: string, before: string, after: string][] = [
  ['DL3014', 'RUN apt-get install curl', 'RUN apt-get install -y curl'],
  ['DL3014', 'RUN x && \\\n  apt-get install \\\n    curl', 'RUN x && \\\n  apt-get install -y \\\n    curl'],
  ['DL3014', 'RUN apt-get install a; apt-get install b', 'RUN apt-get install -y a; apt-get install -y b'],
  ['DL3014', 'RUN echo `apt-get install a`', 'RUN echo `apt-get install -y a`'],
  ['DL3014', 'ONBUILD RUN apt-get install a', 'ONBUILD RUN apt-get install -y a'],
  ['DL3019', 'RUN apk add curl', 'RUN apk add --no-cache curl'],
  ['DL3020', 'ADD a /b', 'COPY a /b'],
  ['DL3020', '  add --chown=1:1 a b /c/', '  copy --chown=1:1 a b /c/'],
  ['DL3021', 'COPY a b /c', 'COPY a b /c/'],
  ['DL3021', 'COPY a \\\n  b \\\n  /c', 'COPY a \\\n  b \\\n  /c/'],
  ['DL3027', 'RUN apt update && apt install -y a', 'RUN apt-get update && apt-get install -y a'],
  ['DL3030', 'RUN yum install a-1', 'RUN yum install -y a-1'],
  ['DL3034', 'RUN zypper in a', 'RUN zypper in -y a'],
  ['DL3038', 'RUN microdnf install a', 'RUN microdnf install -y a'],
  ['DL3042', 'RUN pip3 install a', 'RUN pip3 install --no-cache-dir a'],
  ['DL3042', 'RUN python3 -m pip install a', 'RUN python3 -m pip install --no-cache-dir a'],
  ['DL3046', 'RUN useradd -u 123456 bob', 'RUN useradd -l -u 123456 bob'],
  ['DL3065', 'FROM --platform=$TARGETPLATFORM a AS b', 'FROM a AS b'],
  ['DL4000', 'MAINTAINER Bob <bob@example.org>', 'LABEL maintainer="Bob <bob@example.org>"'],
  ['DL4000', 'MAINTAINER "Bob"', 'LABEL maintainer="Bob"'],
];

test('a mend takes the finding away, can be read, and leaves every other byte', () => {
  for (const [code, before, after] of mends) {
    const around = (text: string) => `# first\r\nFROM x \n\t${text}\n\n# last é\n`;
    const text = mended(code, around(before));
    assert.equal(text.replaceAll('\r', ''), around(after).replaceAll('\r', ''), code);
    assert.deepEqual(judge(code, text), [], code);
    assert.deepEqual(parseDockerfile(text).problems, [], code);
  }
});

test('nothing is mended where somebody could want it otherwise', () => {
  for (const [code, text] of [
    ['DL3014', 'RUN ["apt-get", "install", "a"]'],
    ['DL3014', 'RUN sh <<EOF\napt-get install a\nEOF'],
    ['DL3020', 'ADD $A /b'],
    ['DL3020', 'ADD a.tar b /c/'],
    ['DL3020', 'ADD --checksum=x a /b'],
    ['DL3020', 'ADD git@example.org:a.git /b'],
    ['DL3021', 'COPY a b "/c"'],
    ['DL3021', 'COPY ["a", "b", "/c"]'],
    ['DL3027', 'RUN apt list --installed'],
    ['DL3065', 'FROM --platform=$BUILDPLATFORM a'],
    ['DL4000', 'MAINTAINER $NAME'],
  ] as const)
    assert.equal(mended(code, `FROM x\n${text}\n`), `FROM x\n${text}\n`, `${code}: ${text}`);
});
