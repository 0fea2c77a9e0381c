/** An objective of docs/slo-spec.md, as the `slos` of a spec; a test reads each. */
export interface SpecExample {
  readonly title: string;
  readonly text: string;
  readonly yaml: string;
}

/** One or two for every kind. */
export const specExamples: readonly SpecExample[] = [
  {
    title: 'availability',
    text: 'Bad is a request that is answered with a code of 500 or more. Without a route all requests of the service count.',
    yaml: `- id: get-orders-availability
  description: Customers see their orders.
  kind: availability
  method: GET
  route: /orders/{id}
  objective: 0.999
  window: 30d
- id: refunds
  kind: availability
  routes: [POST /refunds, "GET /refunds/{id}"]
  objective: 0.995
  window: month
  alerts: ticket
`,
  },
  {
    title: 'latency',
    text: 'Bad is a request that takes longer than the threshold, which a classic histogram must have a bucket at.',
    yaml: `- id: get-orders-latency
  kind: latency
  method: GET
  route: /orders/{id}
  thresholdSeconds: 0.25
  objective: 0.99
  window: 28d
- id: search-latency
  kind: latency
  thresholdSeconds: 0.3
  histogram: native
  objective: 0.95
  window: 7d
`,
  },
  {
    title: 'errors',
    text: 'Bad is a request that ends with one of these values of `error_type`; the others are good, whatever their code.',
    yaml: `- id: checkout-timeouts
  kind: errors
  method: POST
  route: /checkout
  errorTypes: [timeout, panic]
  objective: 0.999
  window: 30d
`,
  },
  {
    title: 'saturation',
    text: 'Bad is time in which the largest series of the gauge is above the limit. Time is counted in slices of 30 seconds.',
    yaml: `- id: goroutines
  kind: saturation
  gauge: go_goroutines{job="shop"}
  limit: 5000
  objective: 0.999
  window: 30d
- id: disk
  kind: saturation
  gauge: 1 - node_filesystem_avail_bytes / node_filesystem_size_bytes
  limit: 0.9
  by: [device]
  objective: 0.995
  window: 30d
  alerts: ticket
`,
  },
  {
    title: 'freshness',
    text: 'Bad is time in which the last renewal is longer ago than the threshold; of several series the oldest counts.',
    yaml: `- id: nightly-export
  kind: freshness
  timestamp: export_last_success_timestamp_seconds
  thresholdSeconds: 93600
  missing: bad
  objective: 0.99
  window: 28d
  owner: team-data
  runbook: docs/export.md
`,
  },
  {
    title: 'custom',
    text: 'Events by expressions of your own: bad or good ones among all; or the share of bad ones where nothing can be counted.',
    yaml: `- id: jobs
  kind: custom
  bad: jobs_total{outcome="failed"}
  total: jobs_total
  by: [queue]
  objective: 0.99
  window: 30d
- id: mails
  kind: custom
  good: sum(increase(mail_sent_total{status="delivered"}[$window]))
  total: sum(increase(mail_sent_total[$window]))
  objective: 0.98
  window: 30d
- id: partner
  kind: custom
  badRatio: 1 - avg_over_time(probe_success{job="partner"}[$window])
  objective: 0.99
  window: month
`,
  },
];
