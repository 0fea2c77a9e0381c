/**
 * The series in which Prometheus keeps its alerts, and the labels it adds to theirs.
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/#inspecting-alerts-during-runtime
 */
export const alertSeries = { alerts: 'ALERTS' } as const;

export const alertLabel = { name: 'alertname', state: 'alertstate' } as const;

export const alertState = { firing: 'firing' } as const;
