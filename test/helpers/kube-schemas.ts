// JSON schemas of the Kubernetes kinds that are rendered, for kubeconform: made of what the projects themselves publish in
// their Go modules, and closed, so that a misspelt key is refused.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { cacheRoot, moduleFolder, type Recipe } from './tool-recipes.ts';

type Schema = { readonly [key: string]: unknown };

/** The newest Argo CD whose module takes Go 1.26: v3.6 needs a newer one, and an Application is the same there. */
const sources = {
  kubernetes: {
    module: 'k8s.io/kubernetes@v1.34.1',
    file: 'api/openapi-spec/swagger.json',
    kinds: {
      Deployment: 'io.k8s.api.apps.v1.Deployment',
      Service: 'io.k8s.api.core.v1.Service',
      ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
    },
  },
  customResources: [
    ...['prometheusrules', 'servicemonitors', 'alertmanagerconfigs'].map((kind) => ({
      module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
      file: `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`,
    })),
    {
      module: 'github.com/grafana/grafana-operator/v5@v5.16.0',
      file: 'config/crd/bases/grafana.integreatly.org_grafanadashboards.yaml',
    },
    { module: 'github.com/argoproj/argo-cd/v3@v3.5.7', file: 'manifests/crds/application-crd.yaml' },
  ],
} as const;

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** A folder with one schema for each kind and version, as `kubeSchemaLocation` names them. */
export function kubeSchemas(): Recipe {
  // A change of this file, which holds the versions, is a new folder.
  const hash = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheRoot(process.env), `kube-schemas-${hash}`);
  return {
    remedy: 'connect to the Go module proxy',
    find: () => (existsSync(folder) ? folder : undefined),
    version: () => sources.kubernetes.module,
    get() {
      mkdirSync(cacheRoot(process.env), { recursive: true });
      const unfinished = mkdtempSync(join(cacheRoot(process.env), '.building-'));
      try {
        for (const [name, schema] of allSchemas()) {
          writeFileSync(join(unfinished, `${name}.json`), JSON.stringify(schema));
        }
        renameSync(unfinished, folder);
      } finally {
        rmSync(unfinished, { recursive: true, force: true });
      }
    },
  };
}

/** What kubeconform takes as -schema-location. */
export function kubeSchemaLocation(folder: string): string {
  return join(folder, '{{ .ResourceKind }}-{{ .ResourceAPIVersion }}.json');
}

function allSchemas(): Map<string, Schema> {
  const { kubernetes, customResources } = sources;
  const swagger = parse(readFileSync(join(moduleFolder(kubernetes.module), kubernetes.file), 'utf8'));
  const definitions: Record<string, Schema> = swagger.definitions;
  const found = new Map<string, Schema>();
  for (const [kind, name] of Object.entries(kubernetes.kinds)) {
    found.set(`${kind.toLowerCase()}-v1`, withDefinitions({ $ref: refTo(name) }, definitions));
  }
  for (const { module, file } of customResources) {
    const { spec } = parse(readFileSync(join(moduleFolder(module), file), 'utf8'));
    for (const version of spec.versions) {
      const { properties, ...root } = version.schema.openAPIV3Schema;
      const schema = closed({
        ...root,
        properties: { ...properties, metadata: { $ref: refTo(objectMeta) } },
      });
      found.set(`${spec.names.kind.toLowerCase()}-${version.name}`, withDefinitions(schema, definitions));
    }
  }
  return found;
}

function refTo(definition: string): string {
  return `#/definitions/${definition}`;
}

/** The schema with every definition that it refers to, also by way of others. */
function withDefinitions(schema: Schema, all: Readonly<Record<string, Schema>>): Schema {
  const definitions: Record<string, Schema> = {};
  const follow = (part: Schema) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
      if (definitions[name!] !== undefined) continue;
      definitions[name!] = closed(all[name!]!);
      follow(definitions[name!]!);
    }
  };
  follow(schema);
  return { ...schema, definitions };
}

/** Refuses what a schema does not name, as the API server's strict field validation does. */
function closed(schema: Schema): Schema {
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string')
    return { type: ['integer', 'string'] };
  const { properties, items, additionalProperties, nullable, type, ...rest } = schema;
  const open = rest['x-kubernetes-preserve-unknown-fields'] === true || properties === undefined;
  return {
    ...rest,
    ...(type === undefined ? {} : { type: nullable === true ? [type, 'null'] : type }),
    ...(isSchema(items) ? { items: closed(items) } : {}),
    ...(isSchema(properties) ? { properties: mapValues(properties, closed) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: closed(additionalProperties) } : {}),
    ...(additionalProperties === undefined && !open ? { additionalProperties: false } : {}),
  };
}

function mapValues(record: Schema, change: (schema: Schema) => Schema): Schema {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, isSchema(value) ? change(value) : value]),
  );
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
