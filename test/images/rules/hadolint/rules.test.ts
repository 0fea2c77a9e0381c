import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hadolintRules } from '../../../../images/rules/hadolint/table.ts';
import { judge, lines } from './judge.ts';

test('every rule has a card, in the order of the numbers', () => {
  const codes = hadolintRules.map(({ code }) => code);
  assert.deepEqual(codes, [...new Set(codes)].sort());
  for (const { code, title, what, why, mend, link } of hadolintRules) {
    assert.match(code, /^DL\d{4}$/);
    assert.equal(link, `https://github.com/hadolint/hadolint/wiki/${code}`);
    assert.doesNotMatch(title, /\.$/, code);
    for (const sentence of [what, why, mend]) assert.match(sentence, /^.{8,}\.$/s, `${code}: ${sentence}`);
  }
});

test('what hadolint does not ask by default is off', () => {
  const off = hadolintRules.filter(({ severity }) => severity === 'off').map(({ code }) => code);
  assert.deepEqual(off.slice(0, 2), ['DL1001', 'DL3057']);
  assert.ok(off.slice(2).every((code) => /^DL30(?:6[89]|7\d)$|^DL4007$/.test(code)));
});

test('a rule about commands names the line of the command, not of its RUN', () => {
  assert.deepEqual(lines('DL3004', 'FROM a\nRUN x && \\\n    sudo y && \\\n    sudo z\n'), [3, 4]);
  assert.deepEqual(lines('DL3004', 'FROM a\nRUN <<EOF\nx\nsudo y\nEOF\n'), [4]);
});

test('a message names what is meant', () => {
  const [finding] = judge('DL3008', 'FROM a\nRUN apt-get install -y b=1 c d e f g\n');
  assert.equal(finding?.message, 'apt-get installs c, d, e, f and 1 more without a version.');
});

test('what ONBUILD defers is judged where the rule is about its commands', () => {
  assert.deepEqual(lines('DL3008', 'FROM a\nONBUILD RUN apt-get install b\n'), [2]);
  assert.deepEqual(lines('DL3003', 'FROM a\nONBUILD RUN cd b\n'), []);
});

test('the value of a flag is no package, whether it is the next word, part of a cluster or behind =', () => {
  const install = (words: string) => lines('DL3008', `FROM a\nRUN apt-get install -y ${words}\n`);
  for (const flag of ['-t x', '-yt x', '--target-release x', '--target-release=x', '-t=x'])
    assert.deepEqual(install(`${flag} b=1`), [], flag);
  assert.deepEqual(install('-t x b'), [2]);
});

test('a broken shell is no finding of any rule', () => {
  assert.deepEqual(lines('DL3004', 'FROM a\nRUN sudo x "\n'), []);
});

test('package lists count only in stages that end up in an image', () => {
  const update = 'RUN apt-get update\n';
  assert.deepEqual(lines('DL3009', `FROM a AS b\n${update}FROM c\n`), []);
  assert.deepEqual(lines('DL3009', `FROM a AS b\n${update}FROM b\n`), [2]);
  assert.deepEqual(lines('DL3009', `FROM a AS b\n${update}FROM b AS c\nFROM d\n`), [2]);
  assert.deepEqual(lines('DL3009', `FROM a\nFROM c\n${update}`), [3]);
});

test('a clean behind the install takes the cache away, one in front of it does not', () => {
  assert.deepEqual(lines('DL3032', 'FROM a\nRUN yum install -y b && yum clean all\n'), []);
  assert.deepEqual(lines('DL3032', 'FROM a\nRUN yum clean all && yum install -y b\n'), [2]);
});

test('WORKDIR and PIP_NO_CACHE_DIR are inherited from the stage that is built on', () => {
  assert.deepEqual(lines('DL3045', 'FROM a AS b\nWORKDIR /x\nFROM b\nCOPY c d\n'), []);
  assert.deepEqual(lines('DL3045', 'FROM a AS b\nWORKDIR /x\nFROM c\nCOPY c d\n'), [4]);
  assert.deepEqual(lines('DL3042', 'FROM a AS b\nENV PIP_NO_CACHE_DIR=1\nFROM b\nRUN pip install c\n'), []);
  assert.deepEqual(lines('DL3042', 'FROM a\nRUN pip install c\nENV PIP_NO_CACHE_DIR=1\n'), [2]);
});

test('labels are judged by the schema that the configuration has', () => {
  const labelSchema = new Map([
    ['url', 'url'],
    ['when', 'rfc3339'],
    ['licence', 'spdx'],
    ['commit', 'hash'],
    ['version', 'semver'],
    ['mail', 'email'],
  ]);
  const text = 'FROM a\nLABEL url=x when=today licence=mine commit=HEAD version=v1 mail=me\n';
  for (const code of ['DL3052', 'DL3053', 'DL3054', 'DL3055', 'DL3056', 'DL3058']) {
    assert.deepEqual(lines(code, text), [], code);
    assert.deepEqual(lines(code, text, { labelSchema }), [2], code);
  }
  assert.deepEqual(lines('DL3049', 'FROM a\nLABEL x=y\n', { labelSchema: new Map([['x', 'text']]) }), []);
  assert.deepEqual(lines('DL3050', text, { labelSchema, strictLabels: true }), []);
  assert.deepEqual(lines('DL3051', 'FROM a\nLABEL url=""\n', { labelSchema }), [2]);
});

test('a registry is trusted by its name or by a pattern', () => {
  const registries = (...trustedRegistries: string[]) => ({ trustedRegistries });
  assert.deepEqual(lines('DL3026', 'FROM x.example.com/a\n', registries('*.example.com')), []);
  assert.deepEqual(lines('DL3026', 'FROM debian\nFROM library/a\n', registries('docker.io')), []);
  assert.deepEqual(lines('DL3026', 'FROM quay.io/a AS b\nFROM b\n', registries('docker.io')), [1]);
  assert.deepEqual(lines('DL3026', 'FROM quay.io/a\n'), []);
});

test('a shell is known by its name wherever it lies', () => {
  const piped = (shell: string) => lines('DL4006', `FROM a\nSHELL ${shell}\nRUN b | c\n`);
  assert.deepEqual(piped('["/usr/bin/bash", "-eo", "pipefail", "-c"]'), []);
  assert.deepEqual(piped('["C:\\\\Windows\\\\powershell.exe", "-c"]'), []);
  assert.deepEqual(piped('["/bin/sh", "-o", "pipefail", "-c"]'), [3]);
});

test('a variable in the place of a version pins a package of yum and dnf', () => {
  assert.deepEqual(lines('DL3033', 'FROM a\nRUN yum install -y b-$VERSION\n'), []);
  assert.deepEqual(lines('DL3041', 'FROM a\nRUN dnf install -y "b-${VERSION}"\n'), []);
});

test('rules that are newer than 2.15.1 are asked when a configuration weighs them', () => {
  const cached = (folder: string, command: string) =>
    `FROM a\nRUN --mount=type=cache,target=${folder} ${command}\n`;
  assert.deepEqual(lines('DL3070', 'FROM a\nRUN go build ./...\n'), [2]);
  assert.deepEqual(lines('DL3070', cached('/root/.cache/go-build', 'go build ./...')), []);
  assert.deepEqual(lines('DL3068', 'FROM a\nRUN pecl install redis redis-6.1.0\n'), [2]);
  assert.deepEqual(lines('DL4007', 'FROM a\nCOPY . /app\n'), [2]);
});
