import { errorKind, label, type Service, serviceMetric, suffix } from '../../slo/index.ts';
import { tracesLink } from '../links.ts';
import type { ChartSpec, RowSpec } from '../model.ts';
import { interval, line, routeVariable, select } from '../queries.ts';

const ofRoutes = `${label.route}=~"$${routeVariable}"`;
const legend = `{{${label.route}}}`;

/** Traffic, errors, latency and requests in flight, by route. */
export function goldenSignals(service: Service): RowSpec {
  const requests = (...more: string[]) =>
    select(`${serviceMetric.requestDuration}${suffix.count}`, service, ofRoutes, ...more);
  const all = `sum by (${label.route}) (rate(${requests()}${interval}))`;
  const failed = `sum by (${label.route}) (rate(${requests(`${label.statusCode}=~"5.."`)}${interval}))`;
  const inFlight = select(serviceMetric.activeRequests, service, ofRoutes);
  const kinds = `sum by (${label.errorType}) (rate(${requests(`${label.errorType}!=""`)}${interval}))`;
  return {
    id: 100,
    title: 'Golden signals',
    panels: [
      ...[
        line('Traffic by route', 'reqps', 'Requests per second on each route, all instances together.', [
          { expr: all, legend },
        ]),
        line(
          'Errors by route',
          'percentunit',
          'Share of requests answered with 5xx; 0 where no error came, no line where no request came.',
          [{ expr: `(${failed} or 0 * ${all}) / (${all} > 0)`, legend }],
        ),
        line(
          'Errors by kind',
          'reqps',
          `Requests per second that failed: by status, or ${errorKind.panic}, ${errorKind.timeout} and, which is no failure of the service, ${errorKind.clientGone}.`,
          [{ expr: kinds, legend: `{{${label.errorType}}}` }],
        ),
        line(
          'Requests in flight',
          'short',
          'Requests being answered now. A rise with flat traffic means that something waits.',
          [{ expr: `sum by (${label.route}) (${inFlight})`, legend }],
        ),
      ].map((panel) => ({ ...panel, width: 6 })),
      ...[0.5, 0.95, 0.99].map((quantile) => ({
        ...latency(service, quantile),
        links: [tracesLink(service, { label: label.route })],
      })),
    ],
  };
}

function latency(service: Service, quantile: number): ChartSpec {
  const buckets = select(`${serviceMetric.requestDuration}${suffix.bucket}`, service, ofRoutes);
  const by = `${label.route}, ${label.bucketBound}`;
  const percent = Math.round(quantile * 100);
  return line(
    `Latency p${percent} by route`,
    's',
    `${percent} % of the requests were answered within this time, as the buckets tell. Points are exemplars: each leads to its trace.`,
    [
      {
        expr: `histogram_quantile(${quantile}, sum by (${by}) (rate(${buckets}${interval})))`,
        legend,
        exemplars: true,
      },
    ],
  );
}
