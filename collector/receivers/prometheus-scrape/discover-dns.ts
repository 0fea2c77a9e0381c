import type { SrvRecord } from 'node:dns';
import { messageOf, type Schedule } from '../receiver.ts';
import { type Discovery, polling } from './discovery.ts';
import type { FoundLabels } from './target-of.ts';

export interface DnsDiscovery {
  names: readonly string[];
  type: 'A' | 'AAAA' | 'SRV';
  /** For A and AAAA; an SRV record names its own. */
  port?: number | undefined;
  /** Seconds between two look-ups. */
  refresh: number;
}

/** The part of node:dns/promises that is needed. */
export interface Resolver {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveSrv(name: string): Promise<SrvRecord[]>;
}

/** The name has no such records: it has no targets, which is an answer. */
const NOTHING_THERE: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Targets from DNS: one for each A, AAAA or SRV record. A name that cannot be looked up keeps the targets it had.
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dns_sd_config
 */
export function discoverDns(options: DnsDiscovery, resolver: Resolver, schedule: Schedule): Discovery {
  const { names, type, refresh } = options;
  const known = new Map<string, FoundLabels[]>();
  const look = async () => {
    const problems: string[] = [];
    for (const name of names) {
      try {
        known.set(name, await lookUp(name, options, resolver));
      } catch (error) {
        if (isNothing(error)) known.set(name, []);
        else problems.push(`${name}: ${messageOf(error)}`);
      }
    }
    return { targets: [...known.values()].flat(), problems };
  };
  return polling(`dns ${type} ${names.join(' ')}`, refresh * 1000, look, schedule);
}

async function lookUp(
  name: string,
  { type, port = 80 }: DnsDiscovery,
  resolver: Resolver,
): Promise<FoundLabels[]> {
  const meta = { __meta_dns_name: name };
  if (type === 'SRV') {
    const records = await resolver.resolveSrv(name);
    return records.map((record) => {
      const host = record.name.replace(/\.$/, '');
      return {
        ...meta,
        __address__: `${host}:${record.port}`,
        __meta_dns_srv_record_target: host,
        __meta_dns_srv_record_port: String(record.port),
      };
    });
  }
  const addresses = await (type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name));
  return addresses.map((address) => ({
    ...meta,
    __address__: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  }));
}

function isNothing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NOTHING_THERE.has(error.code);
}
