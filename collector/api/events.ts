import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { nearest } from '../../slo/index.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { decodeEvent, encodeEvent, type ServiceEvent } from '../telemetry/event.ts';
import type { Handler } from './deps.ts';
import { limitOf, timeOf } from './params.ts';
import type { EventBody, EventsBody } from './types.ts';

const KIND = /^[a-z][a-z0-9-]{0,31}$/;
const short = v.pipe(v.string('must be text'), v.maxLength(200, 'must have at most 200 characters'));
const MAX_ATTRIBUTES = 50;

/** What is told of an event. Its id may be given, so that a pipeline which tells it twice tells it once. */
const Told = v.strictObject({
  id: v.exactOptional(
    v.pipe(v.string('must be text'), v.regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 of A-Z a-z 0-9 . : _ -')),
  ),
  kind: v.optional(
    v.pipe(v.string('must be text'), v.regex(KIND, 'must be lower-case letters, digits, dashes')),
    'deploy',
  ),
  time: v.exactOptional(v.string('must be text')),
  service: v.pipe(short, v.nonEmpty('must not be empty')),
  version: v.optional(short, ''),
  instance: v.optional(short, ''),
  environment: v.optional(short, ''),
  title: v.optional(
    v.pipe(v.string('must be text'), v.maxLength(500, 'must have at most 500 characters')),
    '',
  ),
  attributes: v.optional(
    v.pipe(
      v.record(v.pipe(short, v.nonEmpty('must not be empty')), short, 'must be a mapping of texts'),
      v.check((all) => Object.keys(all).length <= MAX_ATTRIBUTES, `must have at most ${MAX_ATTRIBUTES} keys`),
    ),
    {},
  ),
});
const KEYS = Object.keys(Told.entries);

/** POST /api/v1/events: notes a deploy or something else that happened to a service; answers the event. */
export const postEvent: Handler = async (request, deps): Promise<EventBody> => {
  // To the schema a list is an object, too.
  const result = v.safeParse(Told, Array.isArray(request.body) ? undefined : request.body);
  if (!result.success) throw new CollectorError('bad-request', result.issues.map(problemOf).join(' '));
  const { id, time, ...told } = result.output;
  const event: ServiceEvent = {
    ...told,
    id:
      id ??
      createHash('sha256')
        .update(JSON.stringify([told, time]))
        .digest('hex')
        .slice(0, 32),
    timeUnixNano: time === undefined ? deps.clock() : timeOf('time', time),
    title: told.title || [told.service, told.version, told.kind].filter(Boolean).join(' '),
    source: 'api',
  };
  await deps.store.put('event', {
    id: event.id,
    timeUnixNano: event.timeUnixNano,
    bytes: encodeEvent(event),
  });
  return bodyOf(event);
};

/** GET /api/v1/events: what happened to services, newest first; without `from` and `to` as far back as is kept. */
export const listEvents: Handler = async (request, deps): Promise<EventsBody> => {
  const { service, kind, from, to } = request.query;
  const documents = await deps.store.list('event', {
    ...(from === undefined ? {} : { fromUnixNano: timeOf('from', from) }),
    ...(to === undefined ? {} : { toUnixNano: timeOf('to', to) }),
  });
  const events = documents
    .map(({ bytes }) => decodeEvent(bytes))
    .filter((event) => event !== undefined)
    .filter((event) => service === undefined || event.service === service)
    .filter((event) => kind === undefined || event.kind === kind);
  return { matched: events.length, events: events.slice(0, limitOf(request)).map(bodyOf) };
};

function bodyOf(event: ServiceEvent): EventBody {
  return { ...event, timeUnixNano: String(event.timeUnixNano) };
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return 'The body must be a JSON object.';
  if (issue.type === 'strict_object') {
    if (issue.expected !== 'never') return `${path} is missing.`;
    const meant = nearest(path, KEYS);
    return `${path} is not a key of an event${meant ? `; did you mean ${meant}?` : ''} (known are ${KEYS.join(', ')}).`;
  }
  return `${path}: ${issue.message}.`;
}
