import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An OTLP/HTTP receiver that throws away what it gets: its work is none of the sender's process. */
export interface Sink {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string;
  /** Batches that came so far. */
  batches(): number;
  stop(): void;
}

/** Starts a sink on a port of the system's choice. */
export async function startSink(): Promise<Sink> {
  let batches = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      batches += 1;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    batches: () => batches,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
