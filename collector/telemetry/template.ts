import type { Attributes } from './model.ts';

/** Of a longer message only the beginning tells its template: a template is a name, not a document. */
const MAX_CHARACTERS = 480;
const VALUE = '<*>';

/**
 * The template of a message: its words without its values, which become `<*>`: quoted text, ids, addresses, numbers.
 * The template of a template is itself, so that a query may name either.
 */
export function messageTemplate(message: string): string {
  return message
    .slice(0, MAX_CHARACTERS)
    .replace(/"[^"]*"|'[^']*'/g, VALUE)
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, VALUE)
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, VALUE)
    .replace(/\d+(?:[.:,]\d+)*/g, VALUE)
    .replace(/(?:<\*>[.:/-]?)+(?=<\*>)/g, '')
    .slice(0, MAX_CHARACTERS);
}

/** What every message of a template has in it: the stretches between its values. */
export function templateWords(template: string): string[] {
  const words = template.split(VALUE);
  // Where a template was cut, the beginning of a `<*>` may be left.
  return template.length < MAX_CHARACTERS ? words : words.slice(0, -1);
}

/** Where loggers of Java and its kin write the place: `c.s.ContactsServiceImpl#37`, within the first words of a message. */
const PLACE_IN_TEXT = /(?:^|[\s[(])([A-Za-z_$][\w.$]*#\d+)(?=[\s\])]|$)/;
const PLACE_WITHIN = 160;

/** Attributes that tell the place, best first. Source: https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/ */
const CALLER = 'caller';
const FILES = ['code.file.path', 'code.filepath'];
const LINES = ['code.line.number', 'code.lineno'];
export const CODE_PLACE_KEYS: readonly string[] = [CALLER, ...FILES, ...LINES];

/**
 * The place in the code that a log record names: zap's `caller`, OpenTelemetry's file and line, or `logger#line` at the
 * beginning of the message; '' when it names none.
 */
export function codePlace(attributes: Attributes, message: string): string {
  const first = (keys: readonly string[]) =>
    keys.map((key) => attributes[key]).find((value) => value !== undefined);
  const caller = attributes[CALLER];
  if (typeof caller === 'string' && caller !== '') return caller;
  const [file, line] = [first(FILES), first(LINES)];
  if (typeof file === 'string' && file !== '') return line === undefined ? file : `${file}:${line}`;
  return PLACE_IN_TEXT.exec(message.slice(0, PLACE_WITHIN))?.[1] ?? '';
}
