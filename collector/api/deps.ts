import type { AlertTaken, AskedAlert } from '../correlate/alerts.ts';
import type { Incident } from '../correlate/incident.ts';
import type { Intake } from '../own/intake.ts';
import type { LooksTaken } from '../own/looks.ts';
import type { Tally } from '../own/tally.ts';
import type { Traced } from '../own/traces.ts';
import type { SloWatch } from '../slo/watch.ts';
import type { Store } from '../storage/store.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { OneAtATime } from './one-at-a-time.ts';
import type { StatusBody } from './types.ts';

/** What the handlers are handed; everything else they compute from the request. */
export interface ApiDeps {
  store: Store;
  clock: Clock;
  intake: Intake;
  slos: SloWatch;
  traced: Traced;
  /** Alerts by what became of them. */
  alerts: Tally;
  /** Joins an alert to the incidents; undefined where none are looked for. */
  takeAlert: ((alert: AskedAlert) => Promise<AlertTaken>) | undefined;
  /** Keeps an explanation as an incident, between two looks of the detector. */
  keepExplained(explained: Incident): Promise<Incident>;
  /** Explanations on demand: each reads thousands of records. */
  explaining: OneAtATime;
  /** How far the detector is; undefined where there is none. */
  looks?: (() => LooksTaken) | undefined;
  targets(): StatusBody['targets'];
  discoveries(): StatusBody['discoveries'];
  version: string;
  startedUnixNano: bigint;
  limits: { storeBytes: number; retentionSeconds: number };
}

/** One question: path parameters, query parameters (each at most once), what a POST carries, the reader's presence. */
export interface ApiRequest {
  params: Record<string, string>;
  query: Record<string, string>;
  /** The JSON value of a POST; undefined otherwise. */
  body?: unknown;
  signal: AbortSignal;
}

/** Text in place of JSON. */
export interface TextAnswer {
  contentType: string;
  text: string;
  /** Headers beside those of every answer, or in their place. */
  headers?: Readonly<Record<string, string>>;
}

/** Answers one question with a JSON value (bigint is not allowed in it) or with text. */
export type Handler = (request: ApiRequest, deps: ApiDeps) => Promise<object | TextAnswer>;

/** True for an answer that is not JSON. */
export function isText(answer: object): answer is TextAnswer {
  return 'contentType' in answer && 'text' in answer;
}
