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
