const view = new DataView(new ArrayBuffer(8));
view.setBigUint64(0, 0x7ff0000000000002n);

/**
 * Prometheus's marker for "this series ended": a NaN with these bits. JavaScript may not keep the bits of a NaN, so
 * readers treat any NaN as a gap.
 * Source: https://github.com/prometheus/prometheus/blob/main/model/value/value.go
 */
export const STALE_NAN: number = view.getFloat64(0);
