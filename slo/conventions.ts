/**
 * The shared vocabulary: every metric, label, attribute, rule, port and path name, written once.
 * Service metrics are what the emitted Go service exposes; renaming one here means renaming it there.
 */

/**
 * Bucket boundaries of HTTP request durations, in seconds.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration
 */
export const durationBoundaries = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/**
 * Metrics of the emitted service, as /metrics on its admin port names them.
 * Histograms stand without suffix; append `suffix.bucket`, `suffix.count` or `suffix.sum`.
 */
export const serviceMetric = {
  requestDuration: 'http_server_request_duration_seconds',
  activeRequests: 'http_server_active_requests',
  buildInfo: 'service_build_info',
  targetInfo: 'target_info',
  redisPoolConnections: 'redis_pool_connections',
  redisPoolMaxConnections: 'redis_pool_max_connections',
  redisPoolPending: 'redis_pool_pending_requests',
  redisPoolWaits: 'redis_pool_waits_total',
  redisPoolTimeouts: 'redis_pool_timeouts_total',
  redisPoolWaitSeconds: 'redis_pool_wait_seconds_total',
  redisAttempts: 'redis_client_attempts_total',
  redisOperationDuration: 'redis_client_operation_duration_seconds',
  postgresPoolConnections: 'postgres_pool_connections',
  postgresPoolMaxConnections: 'postgres_pool_max_connections',
  postgresPoolWaits: 'postgres_pool_waits_total',
  postgresPoolTimeouts: 'postgres_pool_timeouts_total',
  postgresPoolWaitSeconds: 'postgres_pool_wait_seconds_total',
  postgresAttempts: 'postgres_client_attempts_total',
  postgresOperationDuration: 'postgres_client_operation_duration_seconds',
  httpClientRequestDuration: 'http_client_request_duration_seconds',
  httpClientOpenConnections: 'http_client_open_connections',
  httpClientMaxConnections: 'http_client_max_connections',
  httpClientActiveRequests: 'http_client_active_requests',
  httpClientPendingRequests: 'http_client_pending_requests',
  httpClientRetries: 'http_client_retries_total',
  spansProcessed: 'otel_sdk_processor_span_processed_total',
  spansExported: 'otel_sdk_exporter_span_exported_total',
  spanQueueSize: 'otel_sdk_processor_span_queue_size',
  spanQueueCapacity: 'otel_sdk_processor_span_queue_capacity',
  goroutines: 'go_goroutines',
  threads: 'go_threads',
  gcDuration: 'go_gc_duration_seconds',
  heapAlloc: 'go_memstats_heap_alloc_bytes',
  heapInuse: 'go_memstats_heap_inuse_bytes',
  gcGoal: 'go_memstats_next_gc_bytes',
  goMemoryLimit: 'go_gc_gomemlimit_bytes',
  maxProcs: 'go_sched_gomaxprocs_threads',
  schedulerLatency: 'go_sched_latencies_seconds',
  gcCpuSeconds: 'go_cpu_classes_gc_total_cpu_seconds_total',
  goCpuSeconds: 'go_cpu_classes_total_cpu_seconds_total',
  cpuSeconds: 'process_cpu_seconds_total',
  residentMemory: 'process_resident_memory_bytes',
  openFds: 'process_open_fds',
  maxFds: 'process_max_fds',
  startTime: 'process_start_time_seconds',
} as const;

/** Metrics of one pool of connections: gauges, and counters of callers that had to wait. */
export interface PoolMetrics {
  connections: string;
  maxConnections: string;
  waits: string;
  timeouts: string;
  waitSeconds: string;
}

/** The pools of the emitted service's database clients, by the `db.system.name` of what they lead to. */
export const clientPool: Readonly<Record<string, PoolMetrics>> = {
  redis: {
    connections: serviceMetric.redisPoolConnections,
    maxConnections: serviceMetric.redisPoolMaxConnections,
    waits: serviceMetric.redisPoolWaits,
    timeouts: serviceMetric.redisPoolTimeouts,
    waitSeconds: serviceMetric.redisPoolWaitSeconds,
  },
  postgresql: {
    connections: serviceMetric.postgresPoolConnections,
    maxConnections: serviceMetric.postgresPoolMaxConnections,
    waits: serviceMetric.postgresPoolWaits,
    timeouts: serviceMetric.postgresPoolTimeouts,
    waitSeconds: serviceMetric.postgresPoolWaitSeconds,
  },
};

/** What the Prometheus exposition appends to a histogram's name. */
export const suffix = { bucket: '_bucket', count: '_count', sum: '_sum' } as const;

/** Series that the scraper itself writes. Source: https://prometheus.io/docs/concepts/jobs_instances/ */
export const scrapeMetric = {
  up: 'up',
  duration: 'scrape_duration_seconds',
  samplesScraped: 'scrape_samples_scraped',
  samplesKept: 'scrape_samples_post_metric_relabeling',
  seriesAdded: 'scrape_series_added',
} as const;

/** Labels of the series above. `job` is the service's name: it selects one service. */
export const label = {
  job: 'job',
  instance: 'instance',
  method: 'http_request_method',
  route: 'http_route',
  statusCode: 'http_response_status_code',
  errorType: 'error_type',
  bucketBound: 'le',
  quantile: 'quantile',
  poolState: 'state',
  attemptOutcome: 'outcome',
  dbOperation: 'db_operation_name',
  dbSystem: 'db_system_name',
  serverAddress: 'server_address',
  connectionState: 'http_connection_state',
  componentType: 'otel_component_type',
  version: 'version',
  revision: 'revision',
  goVersion: 'goversion',
} as const;

/** Values of closed sets of label values. */
export const labelValue = {
  poolIdle: 'idle',
  poolUsed: 'used',
  attemptOk: 'ok',
  attemptError: 'error',
  connectionIdle: 'idle',
  connectionActive: 'active',
  /** Holds spans until it is known whether their trace is kept: what it has no room for was not going to be sent yet. */
  holdingProcessor: 'holding_span_processor',
} as const;

/** The route of requests that match none: one series and one span name, whatever clients ask for. */
export const unknownRoute = '/*';

/** Values of `error_type` that are no status code: of the service's answers, and `canceled` of its own calls. */
export const errorKind = {
  panic: 'panic',
  timeout: 'timeout',
  clientGone: 'client_gone',
  canceled: 'canceled',
} as const;

/** Labels of an exemplar, as client_golang's users write them and Grafana reads them. */
export const exemplarLabel = { traceId: 'trace_id', spanId: 'span_id' } as const;

/**
 * Resource attributes. Source: https://opentelemetry.io/docs/specs/semconv/resource/
 */
export const resourceAttribute = {
  serviceName: 'service.name',
  serviceNamespace: 'service.namespace',
  serviceVersion: 'service.version',
  serviceInstanceId: 'service.instance.id',
  deploymentEnvironment: 'deployment.environment.name',
  hostName: 'host.name',
  telemetrySdkLanguage: 'telemetry.sdk.language',
} as const;

/** `service.name` of a sender that gives none. Source: the OpenTelemetry SDK specification. */
export const unknownService = 'unknown_service';

/**
 * Span attributes. Sources: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and
 * https://opentelemetry.io/docs/specs/semconv/database/ ; `redis.attempt` and `postgres.attempt` are ours: the
 * attempt's number, from 1.
 */
export const spanAttribute = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatusCode: 'http.response.status_code',
  httpResendCount: 'http.request.resend_count',
  errorType: 'error.type',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',
  dbSystem: 'db.system.name',
  dbOperation: 'db.operation.name',
  dbNamespace: 'db.namespace',
  dbCollection: 'db.collection.name',
  dbStatusCode: 'db.response.status_code',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  redisAttempt: 'redis.attempt',
  postgresAttempt: 'postgres.attempt',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
  codeFilePath: 'code.file.path',
  codeLineNumber: 'code.line.number',
  adjustedCount: 'sampling.adjusted_count',
} as const;

/** Attributes of log records. Source: https://opentelemetry.io/docs/specs/semconv/general/logs/ */
export const logAttribute = {
  /** `stdout` or `stderr`. */
  ioStream: 'log.iostream',
} as const;

/**
 * Older spellings of span attributes, still sent by many libraries, by the name that replaced them.
 * Source: https://opentelemetry.io/docs/specs/semconv/non-normative/http-migration/
 */
export const olderSpanAttribute = {
  httpMethod: 'http.method',
  httpStatusCode: 'http.status_code',
  httpResendCount: 'http.resend_count',
  urlPath: 'http.target',
  urlScheme: 'http.scheme',
  dbSystem: 'db.system',
  dbOperation: 'db.operation',
  dbNamespace: 'db.name',
  dbCollection: 'db.sql.table',
  serverAddress: 'net.peer.name',
  serverPort: 'net.peer.port',
} as const;

/** Which of a call's attempts a database span is, from 1, by its `db.system.name`. */
export const attemptAttribute: Readonly<Record<string, string>> = {
  redis: spanAttribute.redisAttempt,
  postgresql: spanAttribute.postgresAttempt,
};

/** Names of the spans of the database clients (Redis and PostgreSQL) that are no operations. */
export const spanName = { connect: 'connect', poolWait: 'pool wait' } as const;

/**
 * OTLP names of the metrics a service may push. The older duration is in milliseconds.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export const otlpMetric = {
  requestDuration: 'http.server.request.duration',
  olderRequestDuration: 'http.server.duration',
} as const;

/**
 * Golden signals derived from spans, on the collector's /metrics/red. They never stand in one expression
 * with `serviceMetric`: they count spans that arrived, which sampling thins.
 */
export const spanMetric = {
  duration: 'span_duration_seconds',
  requests: 'span_requests_total',
  errors: 'span_errors_total',
  overflow: 'span_series_overflow_total',
} as const;

/** Labels of `spanMetric`. */
export const spanMetricLabel = {
  service: 'service',
  route: 'route',
  method: 'method',
  statusCode: 'status_code',
  kind: 'span_kind',
  outcome: 'outcome',
} as const;

/**
 * The collector's own metrics, by the names of the OpenTelemetry Collector, so that existing dashboards work.
 * Counters stand without their `_total`.
 * Source: https://opentelemetry.io/docs/collector/internal-telemetry/ ; from `dropped` on they have no counterpart there.
 */
export const collectorMetric = {
  acceptedSpans: 'otelcol_receiver_accepted_spans',
  refusedSpans: 'otelcol_receiver_refused_spans',
  acceptedMetricPoints: 'otelcol_receiver_accepted_metric_points',
  refusedMetricPoints: 'otelcol_receiver_refused_metric_points',
  acceptedLogRecords: 'otelcol_receiver_accepted_log_records',
  refusedLogRecords: 'otelcol_receiver_refused_log_records',
  exporterSentSpans: 'otelcol_exporter_sent_spans',
  exporterSentMetricPoints: 'otelcol_exporter_sent_metric_points',
  exporterSentLogRecords: 'otelcol_exporter_sent_log_records',
  exporterSendFailedSpans: 'otelcol_exporter_send_failed_spans',
  exporterSendFailedMetricPoints: 'otelcol_exporter_send_failed_metric_points',
  exporterSendFailedLogRecords: 'otelcol_exporter_send_failed_log_records',
  exporterQueueSize: 'otelcol_exporter_queue_size',
  processUptime: 'otelcol_process_uptime_seconds',
  processCpuSeconds: 'otelcol_process_cpu_seconds',
  processMemoryRss: 'otelcol_process_memory_rss_bytes',
  processHeap: 'otelcol_process_runtime_heap_alloc_bytes',
  processTotalMemory: 'otelcol_process_runtime_total_sys_memory_bytes',
  dropped: 'otelcol_dropped_records',
  redacted: 'otelcol_processor_redact_masked_values',
  ackDuration: 'otelcol_storage_ack_duration_seconds',
  commitRecords: 'otelcol_storage_commit_records',
  evicted: 'otelcol_storage_evicted_records',
  oldestTime: 'otelcol_storage_oldest_time_seconds',
  oldestTimeOfService: 'otelcol_storage_service_oldest_time_seconds',
  storageBytes: 'otelcol_storage_size_bytes',
  storageLimit: 'otelcol_storage_limit_bytes',
  retention: 'otelcol_storage_retention_seconds',
  alerts: 'otelcol_incident_alerts',
  notified: 'otelcol_notify_sent_messages',
  notifyFailed: 'otelcol_notify_failed_messages',
  notifyQueue: 'otelcol_notify_queue_size',
  profilesTaken: 'otelcol_profiles_taken',
  profilesMissed: 'otelcol_profiles_missed',
} as const;

/** Other spellings of `collectorMetric` that are asked for, recorded by the rules of the collector. */
export const collectorAlias = { refusedSpans: 'otel_collector_receiver_refused_spans_total' } as const;

/** The job by which the collector itself is scraped: its rules and its dashboard select by it. */
export const collectorJob = 'go-sre-collector';

/** Labels of `collectorMetric`. */
export const collectorLabel = {
  receiver: 'receiver',
  transport: 'transport',
  exporter: 'exporter',
  processor: 'processor',
  dataType: 'data_type',
  signal: 'signal',
  reason: 'reason',
  kind: 'kind',
  service: 'service',
  target: 'target',
  outcome: 'outcome',
} as const;

/**
 * Keys of a JSON log line, each with the spellings that are accepted for it; the first is the one we write.
 * Source: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/
 */
export const logKey = {
  time: ['ts', 'time', 'timestamp'],
  level: ['level'],
  message: ['msg', 'message'],
  caller: ['caller'],
  logger: ['logger'],
  error: ['error'],
  stacktrace: ['stacktrace'],
  traceId: ['trace_id', 'traceId', 'TraceID', 'dd.trace_id'],
  spanId: ['span_id', 'spanId', 'SpanID', 'dd.span_id'],
  traceFlags: ['trace_flags', 'traceFlags'],
} as const;

/** Fields of the service's access line; the duration is a float in milliseconds. */
export const accessLog = {
  message: 'request',
  method: 'method',
  route: 'route',
  status: 'status',
  durationMs: 'duration_ms',
} as const;

/** Default ports; all of them can be moved. */
export const defaultPort = {
  service: 8080,
  serviceAdmin: 8081,
  otlpHttp: 4318,
  otlpGrpc: 4317,
  collectorHttp: 4319,
} as const;

/** HTTP paths that several programs rely on. */
export const httpPath = {
  metrics: '/metrics',
  spanMetrics: '/metrics/red',
  live: '/livez',
  ready: '/readyz',
  health: '/healthz',
  pprof: '/debug/pprof/',
  otlpTraces: '/v1/traces',
  otlpMetrics: '/v1/metrics',
  otlpLogs: '/v1/logs',
  api: '/api/v1/',
} as const;

/**
 * Recorded series. `…Prefix` names take a window as their end, for example `slo:bad_events:increase` + `5m`.
 * The 5m and the 1h increase are the tiles that longer windows sum; they know neither objective nor window.
 */
export const rule = {
  badIncreasePrefix: 'slo:bad_events:increase',
  totalIncreasePrefix: 'slo:events:increase',
  badSumPrefix: 'slo:bad_events:sum',
  totalSumPrefix: 'slo:events:sum',
  wilsonLowerPrefix: 'slo:bad_ratio:wilson_lower',
  coveragePrefix: 'slo:coverage:ratio',
  objective: 'slo:objective:ratio',
  errorBudget: 'slo:error_budget:ratio',
  budgetLeft: 'slo:budget_left:ratio',
  alertName: 'SloBurnRate',
} as const;

/** Labels of recorded series and alerts. */
export const ruleLabel = {
  service: 'service',
  slo: 'slo',
  sli: 'sli',
  route: 'route',
  method: 'method',
  tier: 'burnrate_tier',
  severity: 'severity',
  owner: 'owner',
  window: 'window',
} as const;

/** The longest uid of a dashboard that Grafana takes. */
const maxUidLength = 40;

/**
 * Uids of the generated dashboards, by which links find them. A name too long for Grafana is cut, and told from others that begin
 * alike by a sum of it.
 */
export const dashboardUid = {
  service: (service: string) => uid(service, ''),
  objectives: (service: string) => uid(service, '-slo'),
  fleet: 'go-sre-fleet',
} as const;

function uid(service: string, end: string): string {
  if (service.length + end.length <= maxUidLength) return `${service}${end}`;
  let sum = 0;
  for (const char of service) sum = (Math.imul(sum, 31) + char.codePointAt(0)!) >>> 0;
  const mark = `-${sum.toString(36)}${end}`;
  return `${service.slice(0, maxUidLength - mark.length)}${mark}`;
}
