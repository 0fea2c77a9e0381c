/**
 * What the reader of a foreign format makes: a spec in our own format, which the one parser then judges, and where each part of
 * it came from, so that a problem names the line that its author wrote.
 */
import { type Fields, join, type Report, readObject } from '../spec/problems.ts';
import type { SpecDocument } from './documents.ts';

/** A value in a document, by its path. */
export interface Place {
  readonly document: SpecDocument;
  readonly path: string;
}

/** Who is told of a fault, and of what our format cannot say: that is a warning. */
export interface Tell {
  readonly problem: (place: Place, message: string) => void;
  readonly warn: (place: Place, message: string) => void;
}

/** What a foreign format does not say and ours needs. */
export interface SpecDefaults {
  readonly owner?: string;
  readonly runbook?: string;
  /** Like "30d". */
  readonly window?: string;
}

/** An objective in our format, as it will stand in `slos`, and the places of its keys. */
export interface DraftSlo {
  readonly spec: Fields;
  readonly place: Place;
  readonly places: Readonly<Record<string, Place>>;
}

export interface Draft {
  /** Unparsed: whatever stood there. */
  readonly spec: unknown;
  /** The place of the whole. */
  readonly place: Place;
  /** The place of what stands at a path of `spec`. */
  readonly placeOf: (path: string) => Place;
  /** What the format writes where ours has `$window`; the same, where absent. */
  readonly placeholder?: string;
}

/** A draft of a service from its head and its objectives, each with their places. */
export function draftOf(
  head: { readonly spec: Fields; readonly place: Place; readonly places: Readonly<Record<string, Place>> },
  slos: readonly DraftSlo[],
): Draft {
  const placeOf = (path: string): Place => {
    const [, index, key] = /^slos\[(\d+)\](?:\.(\w+))?/.exec(path) ?? [];
    const slo = index === undefined ? undefined : slos[Number(index)];
    if (slo) return slo.places[key ?? ''] ?? slo.place;
    return head.places[/^\w*/.exec(path)![0]] ?? head.place;
  };
  return { spec: { ...head.spec, slos: slos.map((slo) => slo.spec) }, place: head.place, placeOf };
}

/** The place of a key below another place. */
export function below({ document, path }: Place, key: string): Place {
  return { document, path: key.startsWith('[') ? `${path}${key}` : join(path, key) };
}

/** `slos.yaml:14`. */
export function placeText({ document, path }: Place): string {
  const line = document.lineOf(path);
  return line === undefined ? document.file : `${document.file}:${line}`;
}

/** Problems of one document, as the readers of `spec/problems.ts` report them. */
export function reportIn(document: SpecDocument, tell: Tell): Report {
  return (path, message) => tell.problem({ document, path }, message);
}

/** The object at a place, whose keys are all among `keys`; undefined, and told, where it is none. */
export function objectAt(
  value: unknown,
  place: Place,
  keys: readonly string[],
  tell: Tell,
): Fields | undefined {
  return readObject(value, place.path, keys, reportIn(place.document, tell));
}

/** A mapping with keys of the author's own, which may be absent. */
export function mapAt(value: unknown, place: Place, tell: Tell): Fields | undefined {
  if (value === undefined || value === null) return undefined;
  return objectAt(value, place, Object.keys(value), tell);
}
