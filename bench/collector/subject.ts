import type { Signal } from '../../collector/telemetry/model.ts';

/** A running program that takes in telemetry: ours or a peer. */
export interface Subject {
  name: string;
  /** host:port of its OTLP/HTTP receiver. */
  otlp: string;
  pid: number;
  /** Records of a signal that it has stored or written out so far. */
  kept(signal: Signal): Promise<number>;
  /** Rejects when the program ends before it was stopped; never resolves. */
  died: Promise<never>;
  stop(): Promise<void>;
}
