// Everything that is rendered, against the schemas that the projects themselves publish.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { renderOps } from '../../scaffold/src/slo/ops.ts';
import { shop } from '../helpers/gitops.ts';
import { kubeSchemaLocation } from '../helpers/kube-schemas.ts';
import { tool } from '../helpers/tools.ts';

type Found = { filename: string; kind: string; status: string; msg: string };

/** What kubeconform says of YAML documents; undefined where it, or the schemas, are missing. */
function conform(t: TestContext, documents: readonly string[]): readonly Found[] | undefined {
  const kubeconform = tool(t, 'kubeconform');
  const schemas = kubeconform && tool(t, 'kube-schemas');
  if (!kubeconform || !schemas) return undefined;
  const flags = ['-strict', '-verbose', '-output', 'json', '-schema-location', kubeSchemaLocation(schemas)];
  const { stdout, stderr } = spawnSync(kubeconform, [...flags, '-'], {
    input: documents.join('\n---\n'),
    encoding: 'utf8',
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout).resources;
}

function rendered(choices: Record<string, string>, service = shop()): ReadonlyMap<string, string> {
  return renderOps(service, {
    answers: { port: 8080, with: ['http-client', 'postgres', 'redis'] },
    choices: { kubernetes: 'yes', ...choices },
    version: '0.1.0',
  });
}

/** Objects alone: not the lists of kustomize, nor the collector's configuration. */
function objects(files: ReadonlyMap<string, string>): string[] {
  return [...files.values()].filter(
    (text) => /^apiVersion: /m.test(text) && !/^kind: Kustomization/m.test(text),
  );
}

/** The operator leaves the routes below the first one unchecked until it reads them; here they are checked as it would. */
function withInnerRoutes(text: string): string[] {
  if (!text.includes('kind: AlertmanagerConfig')) return [text];
  const whole = parse(text);
  const inner = whole.spec.route.routes.map((route: unknown) =>
    stringify({ ...whole, spec: { ...whole.spec, route } }),
  );
  return [text, ...inner];
}

for (const [what, choices] of [
  ['for the sidecar of Grafana', { repo: 'git@git.example.com:shop.git' }],
  ['for the operator of Grafana and Thanos', { grafana: 'operator', target: 'thanos' }],
] as const) {
  test(`every object ${what} is valid`, (t) => {
    const texts = objects(rendered(choices)).flatMap(withInnerRoutes);
    const found = conform(t, texts);
    if (!found) return;
    assert.deepEqual(
      found.filter(({ status }) => status !== 'statusValid').map(({ kind, msg }) => `${kind}: ${msg}`),
      [],
    );
    assert.equal(found.length, texts.length);
  });
}

test('a misspelt key is refused, in every kind and however deep', (t) => {
  const texts = objects(rendered({ grafana: 'operator', repo: 'https://git.example.com/shop.git' }));
  texts.push(...objects(rendered({})).filter((text) => text.includes('kind: ConfigMap')));
  const misspelt = texts.map((text) =>
    text
      .replace(
        /^( +)(record|urlSecret|httpGet|targetPort|relabelings|matchLabels|syncPolicy|labels):/m,
        '$1$2s:',
      )
      .replace(/^data:/m, 'datas:'),
  );
  for (const [n, text] of misspelt.entries()) assert.notEqual(text, texts[n]);
  const found = conform(t, misspelt);
  if (!found) return;
  assert.equal(found.length, misspelt.length);
  for (const { kind, status, msg } of found) {
    assert.equal(status, 'statusInvalid', kind);
    assert.match(msg, /additional properties/i, kind);
  }
});

test('kustomize builds the folder: every object in the namespace, the images replaced, the configuration named by its content', (t) => {
  const kustomize = tool(t, 'kustomize');
  if (!kustomize) return;
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-kustomize-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of rendered({ namespace: 'production', image: 'example.com/shop:1.4.2' })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { status, stdout, stderr } = spawnSync(kustomize, ['build', join(folder, 'ops/kubernetes')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const built = stdout.split('\n---\n');
  for (const { metadata } of built.map((text) => parse(text))) assert.equal(metadata.namespace, 'production');
  const images = new Set([...stdout.matchAll(/image: (.+)/g)].map(([, image]) => image));
  assert.deepEqual(images, new Set(['ghcr.io/go-sre/go-sre-collector:0.1.0', 'example.com/shop:1.4.2']));
  const [, generated] = /name: (shop-collector-\w+)/.exec(stdout)!;
  assert.equal(stdout.split(generated!).length, 3);
  const found = conform(t, built);
  assert.deepEqual(found?.filter(({ status }) => status !== 'statusValid') ?? [], []);
});

test('promtool takes the rules of the object as it takes those of the file', (t) => {
  const promtool = tool(t, 'promtool');
  if (!promtool) return;
  const { spec } = parse(rendered({}).get('ops/kubernetes/prometheus-rule.yaml')!);
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-rule-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  const { status, stderr } = spawnSync(promtool, ['check', 'rules', 'rules.yaml'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});
