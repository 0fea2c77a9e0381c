/**
 * Values -> YAML, for documents of plain maps, lists, texts and numbers. A general writer builds a tree of nodes first, which
 * takes most of the time of rendering a thousand objectives.
 */

/** What a document is made of. Keys whose value is undefined are left out. */
type YamlValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/**
 * Renders one document, which ends with a newline: block style, two blanks a level, lines of any length, texts of several lines as
 * they are. Any reader of YAML 1.1 or 1.2 reads the same value. Source: https://yaml.org/spec/1.2.2/
 * @throws TypeError for a number that is not finite: it is a mistake wherever a document of ours has one
 */
export function renderYaml(value: object): string {
  const text = block(value as YamlValue, '');
  return `${text.startsWith('\n') ? text.slice(1) : text.trimStart()}\n`;
}

/** What stands behind `key:` or `-`: begins with a blank, or with a newline and `indent`. */
function block(value: YamlValue, indent: string): string {
  if (typeof value === 'string') return ` ${textOf(value, indent)}`;
  if (typeof value === 'number') return ` ${numberOf(value)}`;
  if (typeof value === 'boolean' || value === null || value === undefined) return ` ${value ?? 'null'}`;
  return Array.isArray(value) ? list(value, indent) : map(value as { [key: string]: YamlValue }, indent);
}

function list(values: readonly YamlValue[], indent: string): string {
  if (values.length === 0) return ' []';
  let text = '';
  for (const value of values) {
    const inner = block(value, `${indent}  `);
    // The first line of a map or list stands beside its dash.
    text += `\n${indent}-${inner.startsWith('\n') ? ` ${inner.slice(1 + indent.length + 2)}` : inner}`;
  }
  return text;
}

function map(value: { readonly [key: string]: YamlValue }, indent: string): string {
  let text = '';
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (inner === undefined) continue;
    text += `\n${indent}${keyOf(key)}:${block(inner, `${indent}  `)}`;
  }
  return text === '' ? ' {}' : text;
}

function keyOf(key: string): string {
  return isPlain(key) ? key : quoted(key);
}

function numberOf(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} cannot stand in a document`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The text as it is where that says nothing else; in lines of its own where it has several; in quotes otherwise. */
function textOf(text: string, indent: string): string {
  if (!text.includes('\n')) return isPlain(text) ? text : quoted(text);
  if (!isLiteral(text)) return quoted(text);
  const chomped = text.endsWith('\n') ? '|' : '|-';
  return `${chomped}\n${indent}${text.replace(/\n$/, '').replace(/\n+/g, `$&${indent}`)}`;
}

/** A text that begins with an indicator, holds one, or ends like one. */
const indicators =
  /^[\t ,[\]{}#&*!|>'"%@`]|^[?-]$|^[?-][\t ]|^---|^\.\.\.|:[\t ]|[\t ]#|[\t :-]$|[\n\r\u0085\u2028\u2029]/;
/** A text that would be read as null, a truth value or a number: by YAML 1.2's core schema, or by YAML 1.1. */
const otherTypes =
  /^(?:~|null|true|false|y|n|yes|no|on|off|=|<<|[-+]?\.(?:inf|nan)|0o[0-7]+|[-+]?0[xb][\da-f_]+|[-+]?[\d.][\d_.:]*(?:e[-+]?\d+)?|\d{4}-\d{1,2}-\d{1,2}.*)$/i;
/** All else only quotes can carry: control characters, halves of pairs, and what is no character. */
const printable = /^[\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** What nearly every text consists of: asked first, it is many times as fast. */
const ascii = /^[\t\n\x20-\x7e]*$/;

function isPrintable(text: string): boolean {
  return ascii.test(text) || printable.test(text);
}

function isPlain(text: string): boolean {
  return text !== '' && !indicators.test(text) && !otherTypes.test(text) && isPrintable(text);
}

/** Texts of several lines whose indentation and end need no further mark. */
function isLiteral(text: string): boolean {
  return (
    /^[^\n\t ][\s\S]*\n/.test(text) &&
    !/\n\n$|[\t ]\n?$|[\r\u0085\u2028\u2029]/.test(text) &&
    isPrintable(text)
  );
}

function quoted(text: string): string {
  const plainInside = !text.includes("'") && !/[\n\t\r\u0085\u2028\u2029]/.test(text) && isPrintable(text);
  if (text.includes('"') && plainInside) return `'${text}'`;
  // JSON's escapes are YAML's, but for these characters, which JSON leaves as they are.
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
