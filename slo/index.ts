export * from './burn-rate.ts';
export * from './conventions.ts';
export * from './nearest.ts';
export * from './promql.ts';
export * from './recorded.ts';
export * from './slo.ts';
