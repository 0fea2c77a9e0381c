// A small server that stands in for the collector: the built console with the policy that the collector sends,
// and JSON bodies typed by the API's contract.
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type {
  ErrorBody,
  ExplainBody,
  Incident,
  IncidentsBody,
  LogsBody,
  ServicesBody,
  SpanBody,
  StatusBody,
  TraceBody,
  TracesBody,
} from '../../../../collector/api/types.ts';

/** What the server answers; each body may be changed while it runs. */
export interface Bodies {
  status: StatusBody;
  services: ServicesBody;
  traces: (query: URLSearchParams) => TracesBody;
  trace: Record<string, TraceBody>;
  spans: Record<string, SpanBody>;
  traceLogs: LogsBody;
  logs: (query: URLSearchParams) => LogsBody;
  incidents: IncidentsBody;
  incident: Record<string, Incident>;
  explain: (query: URLSearchParams) => ExplainBody;
  /** Paths (`/services`) that answer 503 with this message. */
  failing: Map<string, string>;
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'";
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
};

function answer(bodies: Bodies, path: string, query: URLSearchParams): unknown {
  const [, kind = '', id = '', part = '', sub = ''] = path.split('/');
  if (path === '/status') return bodies.status;
  if (path === '/services') return bodies.services;
  if (path === '/traces') return bodies.traces(query);
  if (path === '/logs') return bodies.logs(query);
  if (path === '/incidents') return bodies.incidents;
  if (path === '/explain') return bodies.explain(query);
  if (kind === 'incidents') return bodies.incident[id];
  if (kind === 'traces' && part === 'logs') return bodies.traceLogs;
  if (kind === 'traces' && part === 'spans') return bodies.spans[sub];
  return kind === 'traces' ? bodies.trace[id] : undefined;
}

function error(code: string, message: string): ErrorBody {
  return { error: { code, message } };
}

/** Serves the console built in `dir` on an ephemeral port. The caller closes the server. */
export async function serveConsole(dir: string, bodies: Bodies): Promise<{ url: string; server: Server }> {
  const built = await readdir(dir);
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://console.test');
    response.setHeader('content-security-policy', POLICY);
    if (url.pathname.startsWith('/api/v1')) {
      const path = url.pathname.slice('/api/v1'.length);
      const broken = bodies.failing.get(path);
      const body = answer(bodies, path, url.searchParams);
      response.statusCode = broken ? 503 : body === undefined ? 404 : 200;
      response.setHeader('content-type', 'application/json');
      const text = broken
        ? error('store-busy', broken)
        : (body ?? error('not-found', `Nothing is stored at ${path}.`));
      response.end(JSON.stringify(text));
      return;
    }
    const name = built.includes(url.pathname.slice(1)) ? url.pathname : '/index.html';
    response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
    response.end(await readFile(join(dir, name)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
