import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Cleanup } from './cleanup.ts';

/** One alert as Alertmanager tells it. Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Who is called: one address per receiver, and what each was told so far. */
export interface Called {
  url(receiver: string): string;
  told(receiver: string): readonly ToldAlert[];
}

export async function startWebhook(cleanup: Cleanup): Promise<Called> {
  const told = new Map<string, ToldAlert[]>();
  const server = createServer(async (request, response) => {
    const receiver = decodeURIComponent(request.url!.slice(1));
    const { alerts } = (await json(request)) as { alerts: ToldAlert[] };
    told.set(receiver, [...(told.get(receiver) ?? []), ...alerts]);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: (receiver) => `http://127.0.0.1:${port}/${encodeURIComponent(receiver)}`,
    told: (receiver) => told.get(receiver) ?? [],
  };
}
