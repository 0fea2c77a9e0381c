import { usage } from '../errors.ts';
import type { RoutePattern } from './pattern.ts';

/** What the names of a new route must not collide with. */
export type Taken = {
  /** Everything declared in the package. */
  declared: ReadonlySet<string>;
  /** Names of the files in the package's folder. */
  files: ReadonlySet<string>;
};

/** The names of what is written for a route. */
export type RouteNames = {
  /** The function that makes the handler, such as createRefund. */
  handler: string;
  /** The type of the request's body, such as createRefundRequest. */
  request: string;
  /** The test, such as TestCreateRefund. */
  test: string;
  /** File names in the package's folder. */
  file: string;
  testFile: string;
  /** Go variable of each wildcard, in the order of the path. */
  wildcards: readonly { name: string; variable: string }[];
};

/** The verb that a method means; an action of its own comes from the path. */
const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'head',
  POST: 'create',
  PUT: 'replace',
  PATCH: 'update',
  DELETE: 'delete',
  OPTIONS: 'describe',
  CONNECT: 'connect',
  TRACE: 'trace',
};

/**
 * Names a route after its method and path: POST /refund is createRefund, GET /orders lists (listOrders), GET
 * /orders/{id} gets one (getOrder), POST /payment/{id}/capture does something to one (capturePayment). A name that is
 * taken gets more of the path, then a number.
 */
export function routeNames(route: RoutePattern, taken: Taken, handler?: string): RouteNames {
  const nouns = literalsOf(route);
  const chosen = handler ?? freeHandler(route, nouns, taken.declared);
  const file = freeFile(nouns, chosen, taken.files);
  return {
    handler: chosen,
    ...derived(chosen),
    file: `${file}.go`,
    testFile: `${file}_test.go`,
    wildcards: variablesOf(route, taken.declared),
  };
}

function derived(handler: string): { request: string; test: string } {
  return { request: `${handler}Request`, test: `Test${upperFirst(handler)}` };
}

/** Whether a handler of this name, its request type and its test can all be declared. */
function isFree(handler: string, declared: ReadonlySet<string>): boolean {
  const { request, test } = derived(handler);
  return ![handler, request, test].some((name) => declared.has(name)) && !reserved.has(handler);
}

/**
 * Checks --handler.
 * @throws CliError (exit code 2) when it can be no function of the package
 */
export function checkHandler(name: string, declared: ReadonlySet<string>): void {
  if (!/^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name) || reserved.has(name) || name === '_') {
    throw usage(
      `--handler ${name}: the name of a Go function is needed that is no word of the language, such as createRefund.`,
    );
  }
  const clash = [name, ...Object.values(derived(name))].find((wanted) => declared.has(wanted));
  if (clash === undefined) return;
  throw usage(
    `--handler ${name}: the package has ${clash === name ? 'this name' : clash} already. Choose another name; to route to a handler that is there, add its line to the table by hand.`,
  );
}

/** The literal parts of the path with what follows them, without what only says the version of the API. */
type Noun = { words: readonly string[]; wild: boolean };

function literalsOf({ path }: RoutePattern): Noun[] {
  const found: Noun[] = [];
  for (const part of path.split('/')) {
    const words = wordsOf(part);
    const last = found.at(-1);
    if (/^\{[^$]/.test(part)) {
      if (last !== undefined) found[found.length - 1] = { ...last, wild: true };
    } else if (words.length > 0 && !/^(?:api|v\d+)$/i.test(part)) found.push({ words, wild: false });
  }
  return found;
}

function freeHandler(route: RoutePattern, nouns: readonly Noun[], declared: ReadonlySet<string>): string {
  const everything = wordsOf(route.path.replaceAll(/[{}.$]/g, ' '));
  const long = camel([verbs[route.method]!, ...everything]);
  const candidates = [shortName(route.method, nouns) ?? long, long];
  for (let number = 2; number < 1000; number++) candidates.push(`${long}${number}`);
  return candidates.find((name) => isFree(name, declared))!;
}

function shortName(method: string, nouns: readonly Noun[]): string | undefined {
  const last = nouns.at(-1);
  if (last === undefined) return camel([verbs[method]!, 'root']);
  const parents = nouns.slice(0, -1).filter(({ wild }) => wild);
  const owner = parents.flatMap(({ words }) => singular(words));
  const isAction = method === 'POST' && !last.wild && nouns.at(-2)?.wild === true && !isPlural(last.words);
  if (isAction && /^[a-z]/i.test(last.words[0]!)) return camel([...last.words, ...owner]);
  const lists = method === 'GET' && !last.wild && isPlural(last.words);
  if (lists) return camel(['list', ...owner, ...last.words]);
  const one = last.wild || method === 'POST' ? singular(last.words) : last.words;
  return camel([verbs[method]!, ...owner, ...one]);
}

/** `orders.go` for everything about orders; the handler's name where such a file is there. */
function freeFile(nouns: readonly Noun[], handler: string, files: ReadonlySet<string>): string {
  const lower = new Set([...files].map((file) => file.toLowerCase()));
  const path = nouns
    .slice(-2)
    .filter(({ wild }, at, all) => wild || at === all.length - 1)
    .flatMap(({ words }, at, all) => (at < all.length - 1 ? singular(words) : words));
  const base = fileName(path);
  const full = fileName(wordsOf(handler));
  const candidates = [base, full];
  for (let number = 2; number < 1000; number++) candidates.push(`${full}_${number}`);
  return candidates.find((name) => name !== '' && !lower.has(`${name}.go`) && !lower.has(`${name}_test.go`))!;
}

/** Go builds a file whose name ends in one of these on that system alone: go/build/syslist.go. */
const systems = new Set(
  [
    'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos',
    '386 amd64 amd64p32 arm arm64 arm64be armbe loong64 mips mips64 mips64le mips64p32 mips64p32le mipsle ppc ppc64',
    'ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm test',
  ]
    .join(' ')
    .split(' '),
);

function fileName(words: readonly string[]): string {
  const lower = words.map((word) => word.toLowerCase());
  const special = lower.length > 1 && systems.has(lower.at(-1)!);
  return [...lower, ...(special || lower.join('') === 'test' ? ['route'] : [])].join('_').slice(0, 80);
}

/** Words of the language, names that are always there, and what the handler itself declares or calls. */
const reserved = new Set(
  [
    'break case chan const continue default defer else fallthrough for func go goto if import interface map package',
    'range return select struct switch type var any bool byte comparable complex64 complex128 error float32 float64',
    'int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr true false iota nil append cap',
    'clear close complex copy delete imag len make max min new panic print println real recover init main',
    'w r d err body errors fmt http json zap orders telemetry strings testing',
  ]
    .join(' ')
    .split(' '),
);

function variablesOf({ segments }: RoutePattern, declared: ReadonlySet<string>): RouteNames['wildcards'] {
  const names: { name: string; variable: string }[] = [];
  for (const { text: name, wild } of segments) {
    if (!wild || name === '') continue;
    const plain = camel(wordsOf(name)) || 'value';
    const isTaken = (variable: string) =>
      reserved.has(variable) || declared.has(variable) || names.some((other) => other.variable === variable);
    const candidates = [plain, `${plain}Value`];
    for (let number = 2; candidates.every(isTaken); number++) candidates.push(`${plain}${number}`);
    names.push({ name, variable: candidates.find((variable) => !isTaken(variable))! });
  }
  return names;
}

/** Words that Go writes in capitals: https://go.dev/wiki/CodeReviewComments#initialisms */
const initialisms = new Set(
  'api css dns html http https id ip json sla slo sql tls ttl ui uid url uuid xml'.split(' '),
);

function camel(words: readonly string[]): string {
  const [first = '', ...more] = words.map((word) => word.toLowerCase());
  const name =
    first + more.map((word) => (initialisms.has(word) ? word.toUpperCase() : upperFirst(word))).join('');
  return /^\d/.test(name) ? `_${name}` : name;
}

function upperFirst(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** `gift-cards`, `giftCards` and `gift_cards` are the words gift and cards; what is no letter or digit parts them. */
function wordsOf(text: string): string[] {
  const plain = text.replace(/%[0-9a-f]{2}/gi, ' ').replace(/([a-z0-9])([A-Z])/g, '$1 $2');
  return plain.split(/[^A-Za-z0-9]+/).filter(Boolean);
}

function isPlural(words: readonly string[]): boolean {
  return singular(words).at(-1) !== words.at(-1);
}

/** The last word in the singular, as far as its ending tells. */
function singular(words: readonly string[]): string[] {
  const last = words.at(-1) ?? '';
  const one = /[^aeiou]ies$/i.test(last)
    ? last.replace(/ies$/i, 'y')
    : /(?:ss|sh|ch|x|z)es$/i.test(last)
      ? last.slice(0, -2)
      : /[^sui]s$/i.test(last) && last.length > 3
        ? last.slice(0, -1)
        : last;
  return [...words.slice(0, -1), one];
}
