import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseConfigText, validateConfig } from '../collector/config.ts';
import { imagesOf } from './helpers/base-images.ts';
import { run } from './helpers/tool-recipes.ts';
import { tool } from './helpers/tools.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Service {
  image?: string;
  ports?: string[];
  volumes?: string[];
  healthcheck?: unknown;
  user?: string;
}
const { services } = parse(read('docker-compose.yml')) as { services: Record<string, Service> };
const mounts = Object.values(services).flatMap(({ volumes }) => volumes ?? []);
/** A tag that names one version and not a moving line of them. */
const pinned = /:(v?\d+\.\d+\.\d+\S*|nonroot)$/;

test('every image of the sample system is pinned to a version', () => {
  const pulled = Object.values(services).flatMap(({ image }) => image ?? []);
  const bases = imagesOf(read('collector/Dockerfile')).filter(
    (image) => !image.startsWith('docker/dockerfile:'),
  );
  assert.equal(pulled.length, 3);
  assert.equal(bases.length, 1);
  for (const image of [...pulled, ...bases]) assert.match(image, pinned);
});

test('every published port is bound to this machine and moved by a variable', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  assert.equal(ports.length, 6);
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/);
});

test('every file that a container mounts is in the clone', () => {
  const files = mounts.flatMap((mount) => (mount.startsWith('./') ? (mount.split(':')[0] ?? '') : []));
  assert.ok(files.length >= 5);
  for (const file of files) assert.ok(existsSync(join(root, file)), file);
});

test("the collector takes the sample system's configuration", () => {
  const text = parseConfigText(read('collector/compose.config.yaml'));
  assert.ok('value' in text);
  assert.deepEqual(validateConfig(text.value).problems, undefined);
});

test("Prometheus takes the sample system's configuration", (t) => {
  const promtool = tool(t, 'promtool');
  if (promtool) run(promtool, ['check', 'config', '--syntax-only', join(root, 'alerts/prometheus.yml')]);
});

test('Grafana finds its data source and its dashboards where the sample system puts them', () => {
  const { datasources } = parse(read('dashboards/provisioning/datasources/prometheus.yaml'));
  assert.equal(datasources[0].url, 'http://prometheus:9090');
  assert.match(datasources[0].jsonData.exemplarTraceIdDestinations[0].url, /\/traces\/\$\$\{__value\.raw\}$/);
  const { providers } = parse(read('dashboards/provisioning/dashboards/services.yaml'));
  assert.ok(mounts.some((mount) => mount.split(':')[1] === providers[0].options.path));
});
