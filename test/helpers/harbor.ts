// A stand-in for Harbor, which cannot be had in a test: it keeps projects, quotas and labels in memory, and holds every
// request against the part of Harbor's own API document in testdata/harbor. What the document does not allow is
// answered with 400 and kept in `problems`.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { resolveRef, schemaProblems } from './json-schema.ts';

type Schema = Record<string, unknown>;
type Operation = { operationId: string; parameters: Schema[] };

const file = join(import.meta.dirname, '../scaffold/testdata/harbor/swagger.yaml');
const document: { paths: Record<string, Record<string, Operation>> } = parse(readFileSync(file, 'utf8'));

/** A project of the fake with its quota; `used` and `hard` in bytes. */
export type FakeProject = {
  project_id: number;
  name: string;
  metadata: Record<string, string>;
  hard: Record<string, number>;
  used: Record<string, number>;
};

export type FakeLabel = { id: number; name: string; scope: string; project_id: number };

export type FakeHarbor = {
  url: string;
  version: string;
  projects: FakeProject[];
  labels: FakeLabel[];
  /** Labels by `project/repository@digest`. */
  labelled: Map<string, Set<number>>;
  deletedTags: string[];
  newProjects: number;
  /** `METHOD operationId` of every request. */
  requests: string[];
  /** What requests did not keep of the document. */
  problems: string[];
  /** Answers a request in Harbor's place when it gives a status: by operation, and how often it was asked. */
  fail: (operation: string, nth: number, path: string) => number | undefined;
};

export const harborUser = 'robot$quota';
export const harborPassword = 'S3cret-of-harbor';

/** Starts a fake Harbor of version 2.12 without projects, until the test ends. */
export async function startHarbor(t: TestContext, projects: FakeProject[] = []): Promise<FakeHarbor> {
  const harbor: FakeHarbor = {
    url: '',
    version: 'v2.12.2-73072d0d',
    projects,
    labels: [],
    labelled: new Map(),
    deletedTags: [],
    newProjects: -1,
    requests: [],
    problems: [],
    fail: () => undefined,
  };
  const server = createServer((request, response) => void answer(harbor, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  harbor.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return harbor;
}

/** A project with a storage quota. */
export function fakeProject(id: number, name: string, hard: number, used = 0): FakeProject {
  return {
    project_id: id,
    name,
    metadata: { public: 'false' },
    hard: { storage: hard },
    used: { storage: used },
  };
}

async function answer(harbor: FakeHarbor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const { status, body } = reply(harbor, request, text);
  const wait = status === 429 || status >= 500 ? { 'retry-after': '0' } : {};
  response
    .writeHead(status, { 'content-type': 'application/json', ...wait })
    .end(body === undefined ? '' : JSON.stringify(body));
}

type Reply = { status: number; body?: unknown };
const wrong = (status: number, message: string): Reply => ({
  status,
  body: { errors: [{ code: 'X', message }] },
});

function reply(harbor: FakeHarbor, request: IncomingMessage, text: string): Reply {
  const url = new URL(request.url ?? '', 'http://harbor');
  const base = harbor.version.startsWith('v1.') ? '/api' : '/api/v2.0';
  if (!url.pathname.startsWith(`${base}/`) || (base === '/api' && url.pathname.startsWith('/api/v2.0')))
    return wrong(404, 'not found');
  const found = operationOf(request.method ?? '', url.pathname.slice(base.length));
  if (found === undefined) {
    harbor.problems.push(`${request.method} ${url.pathname} is no operation of the document`);
    return wrong(404, 'not found');
  }
  const { operation, parameters } = found;
  harbor.requests.push(`${request.method} ${operation.operationId}`);
  const problems = requestProblems(operation, parameters, url, text);
  harbor.problems.push(...problems.map((problem) => `${operation.operationId}: ${problem}`));
  if (problems.length > 0) return wrong(400, problems.join('; '));
  const nth = harbor.requests.filter((one) => one.endsWith(` ${operation.operationId}`)).length;
  const status = harbor.fail(operation.operationId, nth, url.pathname);
  if (status !== undefined) return wrong(status, `told to fail; you sent ${request.headers.authorization}`);
  const expected = `Basic ${Buffer.from(`${harborUser}:${harborPassword}`).toString('base64')}`;
  if (operation.operationId !== 'getSystemInfo' && request.headers.authorization !== expected)
    return wrong(401, 'unauthorized');
  return act(harbor, operation.operationId, parameters, url, text === '' ? undefined : JSON.parse(text));
}

function operationOf(
  method: string,
  path: string,
): { operation: Operation; parameters: Record<string, string> } | undefined {
  for (const [template, operations] of Object.entries(document.paths)) {
    const pattern = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const match = pattern.exec(path);
    const operation = operations[method.toLowerCase()];
    if (match !== null && operation !== undefined) return { operation, parameters: { ...match.groups } };
  }
  return undefined;
}

/** What of a request the operation does not allow. */
function requestProblems(
  operation: Operation,
  path: Record<string, string>,
  url: URL,
  text: string,
): string[] {
  const declared = operation.parameters.map((one) =>
    typeof one.$ref === 'string' ? resolveRef(one.$ref, document) : one,
  );
  const names = declared.filter((one) => one.in === 'query').map((one) => one.name);
  const unknown = [...url.searchParams.keys()]
    .filter((name) => !names.includes(name))
    .map((name) => `query ${name} is unknown`);
  const values = declared.flatMap((one) => {
    const given =
      one.in === 'path'
        ? path[String(one.name)]
        : one.in === 'query'
          ? url.searchParams.get(String(one.name))
          : undefined;
    if (given === undefined || given === null) return [];
    const value = one.type === 'integer' ? Number(given) : one.type === 'boolean' ? given === 'true' : given;
    return schemaProblems(value, one, document, String(one.name));
  });
  const body = declared.find((one) => one.in === 'body');
  if (body === undefined) return [...unknown, ...values, ...(text === '' ? [] : ['it takes no body'])];
  if (text === '') return [...unknown, ...values, 'its body is missing'];
  return [
    ...unknown,
    ...values,
    ...schemaProblems(JSON.parse(text), body.schema as Schema, document, 'body'),
  ];
}

function act(
  harbor: FakeHarbor,
  operation: string,
  path: Record<string, string>,
  url: URL,
  body: Schema | undefined,
): Reply {
  const { projects } = harbor;
  const page = <T>(all: readonly T[]): Reply => {
    const [number, size] = ['page', 'page_size'].map((name) =>
      Number(url.searchParams.get(name) ?? (name === 'page' ? 1 : 10)),
    );
    return { status: 200, body: all.slice((number! - 1) * size!, number! * size!) };
  };
  switch (operation) {
    case 'getSystemInfo':
      return { status: 200, body: { harbor_version: harbor.version } };
    case 'listProjects':
      return page(projects.map(({ project_id, name, metadata }) => ({ project_id, name, metadata })));
    case 'listQuotas':
      return page(
        projects.map((one) => ({
          id: one.project_id + 100,
          ref: { id: one.project_id, name: one.name },
          hard: one.hard,
          used: one.used,
        })),
      );
    case 'updateQuota': {
      const project = projects.find((one) => one.project_id + 100 === Number(path.id));
      if (project === undefined) return wrong(404, 'no such quota');
      project.hard = body?.hard as Record<string, number>;
      return { status: 200 };
    }
    case 'getProject':
    case 'updateProject': {
      const name = decodeURIComponent(path.project_name_or_id ?? '');
      const project = projects.find((one) => one.name === name || String(one.project_id) === name);
      if (project === undefined) return wrong(404, 'no such project');
      if (operation === 'getProject')
        return { status: 200, body: { project_id: project.project_id, name: project.name } };
      Object.assign(project.metadata, body?.metadata);
      return { status: 200 };
    }
    case 'getConfigurations':
      return { status: 200, body: { storage_per_project: { value: harbor.newProjects, editable: true } } };
    case 'updateConfigurations':
      harbor.newProjects = Number(body?.storage_per_project);
      return { status: 200 };
    default:
      return label(harbor, operation, path, url, body);
  }
}

function label(
  harbor: FakeHarbor,
  operation: string,
  path: Record<string, string>,
  url: URL,
  body: Schema | undefined,
): Reply {
  // Repositories are encoded twice, so that a slash in them is none of the path once Harbor's router has decoded it.
  const once = decodeURIComponent(path.repository_name ?? '');
  if (once.includes('/')) harbor.problems.push(`the slash in ${once} is not encoded twice`);
  const artifact = `${path.project_name}/${decodeURIComponent(once)}@${decodeURIComponent(path.reference ?? '')}`;
  const on = harbor.labelled.get(artifact) ?? new Set<number>();
  harbor.labelled.set(artifact, on);
  switch (operation) {
    case 'ListLabels': {
      const wanted = Number(url.searchParams.get('project_id'));
      const named = harbor.labels.filter(
        (one) => one.project_id === wanted && one.name.includes(url.searchParams.get('name') ?? ''),
      );
      return { status: 200, body: named };
    }
    case 'CreateLabel':
      if (harbor.labels.some((one) => one.name === body?.name && one.project_id === body?.project_id))
        return wrong(409, 'there already');
      harbor.labels.push({ ...(body as Omit<FakeLabel, 'id'>), id: harbor.labels.length + 1 });
      return { status: 201 };
    case 'addLabel':
      if (on.has(Number(body?.id))) return wrong(409, 'there already');
      on.add(Number(body?.id));
      return { status: 200 };
    case 'removeLabel':
      return on.delete(Number(path.label_id)) ? { status: 200 } : wrong(404, 'not labelled');
    case 'deleteTag':
      harbor.deletedTags.push(`${artifact}:${path.tag_name}`);
      return { status: 200 };
    default:
      return wrong(501, operation);
  }
}
