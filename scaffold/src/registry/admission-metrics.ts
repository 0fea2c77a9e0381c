import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Reason } from '../../../images/index.ts';

/** The counters of the admission server, and the text that /metrics answers. */
export type AdmissionMetrics = {
  image(reason: Reason, cached: boolean): void;
  request(source: 'kubernetes' | 'harbor', allowed: boolean, seconds: number): void;
  auditFailed(): void;
  render(): Promise<string>;
  contentType: string;
};

/** Buckets up to the 10 s that Kubernetes waits. */
const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 10];

/** Fresh counters; `load` tells how many images are verified and wait right now. */
export function createAdmissionMetrics(load: () => { running: number; waiting: number }): AdmissionMetrics {
  const registry = new Registry();
  const registers = [registry];
  const images = new Counter({
    name: 'admission_images_total',
    help: 'Images judged, by reason and by whether the verdict was remembered.',
    labelNames: ['reason', 'cached'],
    registers,
  });
  const requests = new Histogram({
    name: 'admission_request_duration_seconds',
    help: 'Time of requests, by source and by whether they were allowed.',
    labelNames: ['source', 'allowed'],
    buckets,
    registers,
  });
  const audit = new Counter({
    name: 'admission_audit_failures_total',
    help: 'Failures of the audit log.',
    registers,
  });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('admission_verifications_running', 'Images that are verified right now.', () => load().running);
  gauge('admission_verifications_waiting', 'Images that wait for a place.', () => load().waiting);
  return {
    image: (reason, cached) => images.inc({ reason, cached: String(cached) }),
    request: (source, allowed, seconds) => requests.observe({ source, allowed: String(allowed) }, seconds),
    auditFailed: () => audit.inc(),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
