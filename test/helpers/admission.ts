// `go-sre registry serve` as a process of its own, and requests as the API server and Harbor send them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from './until.ts';

const goSre = join(import.meta.dirname, '../../scaffold/src/go-sre.ts');

/** A server that runs. */
export type Serving = {
  url: string;
  process: ChildProcess;
  /** What it said on standard error. */
  said(): string;
  /** The lines of its audit log. */
  audit(): Record<string, unknown>[];
  /** Asks it to end; its exit code. */
  end(): Promise<number | null>;
};

/** Starts the server with a configuration, or by flags, its audit log in `folder`; ends it with the test. */
export async function serve(
  t: TestContext,
  folder: string,
  config: Record<string, unknown> | readonly string[],
  env: Record<string, string> = {},
): Promise<Serving> {
  const name = join(folder, `${Math.random().toString(36).slice(2)}`);
  const audit = `${name}.log`;
  const listen = { host: '127.0.0.1', port: 0 };
  const byFlags = Array.isArray(config);
  if (!byFlags) writeFileSync(`${name}.json`, JSON.stringify({ listen, audit, ...config }));
  const words = byFlags ? [...config, '--audit', audit] : ['--config', `${name}.json`];
  const environment = { PATH: process.env.PATH, HOME: folder, ...env };
  const child = spawn(process.execPath, [goSre, 'registry', 'serve', ...words], {
    env: environment,
    stdio: 'pipe',
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = once(child, 'exit');
  const end = async () => {
    if (child.exitCode === null) child.kill();
    return (await ended)[0] as number | null;
  };
  t.after(end);
  const url = await until('the server listens', 60_000, async () => {
    const found = /(https?:\/\/\S+) answers,/.exec(text)?.[1];
    if (found === undefined) throw new Error(`so far it said: ${text}`);
    return found;
  });
  const lines = () =>
    readFileSync(audit, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '');
  return { url, process: child, said: () => text, audit: () => lines().map((line) => JSON.parse(line)), end };
}

/** An AdmissionReview as the API server sends it. */
export function review(object: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    name: 'shop',
    namespace: 'default',
    operation: 'CREATE',
    userInfo: { username: 'ann' },
    object,
    oldObject: null,
    dryRun: false,
    ...more,
  };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

/** A Pod that runs these images. */
export function pod(...images: string[]): Record<string, unknown> {
  return {
    metadata: { name: 'shop' },
    spec: { containers: images.map((image, i) => ({ name: `c${i}`, image })) },
  };
}

/** What the server answered to a review. */
export type Answer = {
  status: number;
  uid?: string;
  allowed?: boolean;
  message: string;
  warnings: string[];
  error?: string;
};

/** Posts a review, or any text. */
export async function ask(server: Serving, body: unknown, query = ''): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${server.url}/validate${query}`, { method: 'POST', headers, body: text });
  const { response = {}, error } = (await answer.json()) as {
    response?: { uid?: string; allowed?: boolean; status?: { message: string }; warnings?: string[] };
    error?: string;
  };
  const { uid, allowed, status, warnings = [] } = response;
  return {
    status: answer.status,
    message: status?.message ?? '',
    warnings,
    ...(uid === undefined ? {} : { uid }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(error === undefined ? {} : { error }),
  };
}

/** The event that Harbor's webhook posts when an image was pushed. */
export function pushEvent(host: string, path: string, digest: string, tag = '1'): Record<string, unknown> {
  const [namespace, ...rest] = path.split('/');
  return {
    type: 'PUSH_ARTIFACT',
    occur_at: 1_795_694_400,
    operator: 'ann',
    event_data: {
      resources: [{ digest, tag, resource_url: `${host}/${path}:${tag}` }],
      repository: { name: rest.join('/'), namespace, repo_full_name: path, repo_type: 'private' },
    },
  };
}

/** The subject of the certificate that a server shows. */
export function certificateOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = httpsRequest(`${url}/healthz`, { rejectUnauthorized: false, agent: false }, (answer) => {
      answer.resume();
      const { socket } = answer;
      resolve(
        'getPeerCertificate' in socket
          ? (socket as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject.CN
          : '',
      );
    });
    asking.on('error', reject).end();
  });
}
