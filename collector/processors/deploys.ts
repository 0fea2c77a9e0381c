import { createHash } from 'node:crypto';
import { label, resourceAttribute, serviceMetric } from '../../slo/index.ts';
import { toAttributes } from '../formats/otlp-protobuf/attributes.ts';
import { resourceCodec } from '../formats/otlp-protobuf/messages.ts';
import { prometheusLabel } from '../formats/prometheus-names.ts';
import type { Batch, LogBatch, SampleBatch, SpanBatch } from '../telemetry/batch.ts';
import { type Clock, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import type { ServiceEvent } from '../telemetry/event.ts';
import type { SeriesInfo } from '../telemetry/model.ts';
import type { Observer } from './processor.ts';

export interface DeploysDeps {
  clock: Clock;
  /** Keeps the event unless one of its id is kept; rejects when it could not. */
  keep(event: ServiceEvent): Promise<void>;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** Resources and deploys that are remembered; beyond, they are asked for again. */
const MAX_KNOWN = 20_000;
/** Each is a write of its own: a sender that makes up a version a request must not fill the disk's time. */
const MAX_PER_MINUTE = 120;
const MAX_TEXT = 200;
const MAX_KEY_BYTES = 2048;

/** What runs where. */
type Running = Pick<ServiceEvent, 'service' | 'version' | 'instance' | 'environment'>;

/**
 * Makes an event of the first sight of a version of a service on an instance: in resources of spans and logs, in
 * target_info and the build info of scrapes. Only a resource whose bytes were not seen before is decoded.
 */
export function createDeploys(deps: DeploysDeps): Observer {
  const sights = new Sights(deps);
  return (batch: Batch) => {
    if (batch.count === 0) return;
    if (batch.signal === 'metrics') lookAtSeries(batch, sights);
    else if (batch.encoding === 'otlp-protobuf') lookAtResources(batch, sights);
    else sights.see(runningOf(batch.resource));
  };
}

class Sights {
  readonly #deps: DeploysDeps;
  /** Resources and deploys by their bytes or fields: what was looked at. */
  readonly #known = new Set<string>();
  readonly seenSeries = new WeakSet<readonly SeriesInfo[]>();
  #last: Promise<void> = Promise.resolve();
  #minute = 0n;
  #inMinute = 0;

  constructor(deps: DeploysDeps) {
    this.#deps = deps;
  }

  /** True the first time. */
  isNew(key: string): boolean {
    if (this.#known.has(key)) return false;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(key);
    return true;
  }

  see(running: Running): void {
    const { service, version, instance, environment } = running;
    if (service === '' || version === '') return;
    const key = JSON.stringify([service, version, instance, environment]);
    if (!this.isNew(key)) return;
    if (!this.#mayKeep()) {
      this.#known.delete(key);
      return;
    }
    const timeUnixNano = this.#deps.clock();
    const id = createHash('sha256').update(`deploy ${key}`).digest('hex').slice(0, 32);
    const title = `${service} ${version}${instance ? ` on ${instance}` : ''}`;
    const event: ServiceEvent = {
      ...{ id, kind: 'deploy', timeUnixNano, ...running, title, source: 'telemetry', attributes: {} },
    };
    // One after the other: a rollout shows many at once, and each waits for the disk.
    this.#last = this.#last
      .then(() => this.#deps.keep(event))
      .catch((error: unknown) => {
        this.#known.delete(key);
        this.#deps.warn('a deploy could not be noted; it is tried again when it is seen again', {
          ...{ service, version, error: error instanceof Error ? error.message : String(error) },
        });
      });
  }

  #mayKeep(): boolean {
    const minute = this.#deps.clock() / (60n * NANOS_PER_SECOND);
    if (minute !== this.#minute) this.#inMinute = 0;
    this.#minute = minute;
    this.#inMinute++;
    if (this.#inMinute === MAX_PER_MINUTE + 1) {
      this.#deps.warn(
        `more than ${MAX_PER_MINUTE} deploys in a minute: the rest is noted when it is seen again`,
      );
    }
    return this.#inMinute <= MAX_PER_MINUTE;
  }
}

function lookAtResources(batch: SpanBatch | LogBatch, sights: Sights): void {
  // Without a plain body at hand nothing is inflated for this: another batch will show it.
  const body = batch.compression === 'none' ? batch.body : batch.inflated;
  if (!body) return;
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const { resources } = batch.offsets;
  for (let i = 0; i < resources.length; i += 2) {
    const start = resources[i]!;
    const end = start + resources[i + 1]!;
    if (!sights.isNew(keyOf(buffer.subarray(start, end)))) continue;
    const attributes = toAttributes(resourceCodec.decode(body, start, end).attributes);
    const texts = Object.entries(attributes).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    sights.see(runningOf(Object.fromEntries(texts)));
  }
}

/** The bytes themselves where they are few, as they nearly always are. */
function keyOf(resource: Buffer): string {
  if (resource.length <= MAX_KEY_BYTES) return resource.toString('latin1');
  return createHash('sha256').update(resource).digest('base64');
}

function runningOf(resource: Readonly<Record<string, string>>): Running {
  const of = (key: string) => (resource[key] ?? '').slice(0, MAX_TEXT);
  return {
    service: of(resourceAttribute.serviceName),
    version: of(resourceAttribute.serviceVersion),
    instance: of(resourceAttribute.serviceInstanceId) || of(resourceAttribute.hostName),
    environment: of(resourceAttribute.deploymentEnvironment),
  };
}

/** A scrape hands in the same list of series again and again. */
function lookAtSeries({ index }: SampleBatch, sights: Sights): void {
  if (sights.seenSeries.has(index.series)) return;
  sights.seenSeries.add(index.series);
  for (const { name, labels } of index.series) {
    const versionLabel =
      name === serviceMetric.targetInfo
        ? prometheusLabel(resourceAttribute.serviceVersion)
        : name === serviceMetric.buildInfo
          ? label.version
          : undefined;
    if (versionLabel === undefined) continue;
    const of = (key: string) => (labels[key] ?? '').slice(0, MAX_TEXT);
    sights.see({
      // A job may have the namespace in front.
      service: of(label.job).split('/').at(-1)!,
      version: of(versionLabel),
      instance: of(label.instance),
      environment: of(prometheusLabel(resourceAttribute.deploymentEnvironment)),
    });
  }
}
