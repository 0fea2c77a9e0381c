/**
 * Gives the memory of columns back at once, which are empty from then on: the garbage collector sees small objects, and lets
 * hundreds of megabytes behind them lie. Only for columns that nobody else holds.
 */
export function release(...columns: readonly { buffer: ArrayBufferLike }[]): void {
  for (const { buffer } of columns) if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
