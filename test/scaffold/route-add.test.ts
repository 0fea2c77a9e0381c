import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { CliError } from '../../scaffold/src/errors.ts';
import { type ParseGo, withGoParser } from '../../scaffold/src/go/syntax.ts';
import { routeFolder } from '../../scaffold/src/package.ts';
import { readPattern } from '../../scaffold/src/route/pattern.ts';
import { planRoute, type RoutePlan } from '../../scaffold/src/route/plan.ts';
import { type PromiseFlags, readObjective, readSampling } from '../../scaffold/src/route/promise.ts';

const sources = {
  handler: readFileSync(join(routeFolder, 'handler.go'), 'utf8'),
  test: readFileSync(join(routeFolder, 'handler_test.go'), 'utf8'),
};

const head = `package server

import (
	"net/http"
	"time"

	"example.com/shop/internal/slo"
	"example.com/shop/internal/telemetry"
)

type Deps struct {
	Log *zap.Logger
}

func New(deps Deps, tel *telemetry.Telemetry) http.Handler { return nil }

func reply(w http.ResponseWriter, status int, body any) {}

type problem struct {
	Error string
}

type Route struct {
	Pattern   string
	Handler   http.Handler
	Objective slo.Objective
	Sampling  telemetry.Sampling
}

`;

function tableOf(...routes: readonly string[]): string {
  const lines = routes.map((route) => `\t\t{"${route}", h(d), slo.None, telemetry.Default},\n`);
  return `${head}func routes(d Deps) []Route {\n\treturn []Route{\n${lines.join('')}\t}\n}\n`;
}

type Given = PromiseFlags & {
  handler?: string;
  files?: Readonly<Record<string, string>>;
  sloJson?: string;
  telemetry?: string | undefined;
};

function planOf(parse: ParseGo, line: string, text: string | Uint8Array, given: Given = {}): RoutePlan {
  const { handler, files = {}, sloJson } = given;
  const telemetry = 'telemetry' in given ? given.telemetry : 'example.com/shop/internal/telemetry';
  const [method = '', path = ''] = line.split(' ');
  const route = readPattern(method, path);
  const server = new Map(
    Object.entries({ 'routes.go': text, ...files }).map(([name, content]) => [name, Buffer.from(content)]),
  );
  const request = { route, objective: readObjective(given), sampling: readSampling(given.sample, route) };
  return planRoute(
    { ...request, ...(handler !== undefined && { handler }) },
    { module: 'example.com/shop', server, sloJson, telemetry, sources },
    parse,
  );
}

/** The text of a planned file whose path ends like this. */
function textOf(plan: RoutePlan, end: string): string {
  const file = plan.files.find(({ path }) => path.endsWith(end));
  assert.ok(file, `no ${end} among ${plan.files.map(({ path }) => path).join(', ')}`);
  return Buffer.from(file.after).toString();
}

function refuses(says: RegExp, exitCode: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CliError);
    assert.match(error.message, says);
    assert.equal(error.exitCode, exitCode);
    return true;
  };
}

const named: readonly [string, string, string][] = [
  ['POST /refund', 'createRefund', 'refund.go'],
  ['GET /orders', 'listOrders', 'orders.go'],
  ['GET /orders/{id}', 'getOrder', 'orders.go'],
  ['PUT /orders/{id}', 'replaceOrder', 'orders.go'],
  ['PATCH /orders/{id}', 'updateOrder', 'orders.go'],
  ['DELETE /orders/{id}', 'deleteOrder', 'orders.go'],
  ['POST /payment/{id}/capture', 'capturePayment', 'payment_capture.go'],
  ['POST /orders/{id}/items', 'createOrderItem', 'order_items.go'],
  ['GET /orders/{id}/items', 'listOrderItems', 'order_items.go'],
  ['GET /orders/{id}/items/{item}', 'getOrderItem', 'order_items.go'],
  ['GET /orders/{id}/status', 'getOrderStatus', 'order_status.go'],
  ['GET /api/v2/gift-cards/{cardId}', 'getGiftCard', 'gift_cards.go'],
  ['POST /api/categories', 'createCategory', 'categories.go'],
  ['GET /', 'getRoot', 'get_root.go'],
  ['GET /{$}', 'getRoot', 'get_root.go'],
  ['GET /files/{path...}', 'getFile', 'files.go'],
  ['GET /.well-known/jwks.json', 'getJwksJSON', 'jwks_json.go'],
  ['GET /orders/{id}/test', 'getOrderTest', 'order_test_route.go'],
  ['GET /downloads/{id}/linux', 'getDownloadLinux', 'download_linux_route.go'],
  ['POST /users/{id}/2fa', 'createUser2fa', 'user_2fa.go'],
  ['GET /address', 'getAddress', 'address.go'],
  ['GET /status', 'getStatus', 'status.go'],
  ['POST /orders/{id}/go', 'goOrder', 'order_go.go'],
  ['HEAD /x%20y', 'headXY', 'x_y.go'],
];

test('handler and file are named after method and path', async () => {
  await withGoParser((parse) => {
    for (const [route, handler, file] of named) {
      const plan = planOf(parse, route, tableOf());
      assert.equal(plan.handler, handler, route);
      assert.match(textOf(plan, `/${file}`), new RegExp(`^func ${handler}\\(d Deps\\) http\\.Handler`, 'm'));
      assert.ok(plan.entry.startsWith(`{"${route}", ${handler}(d), `), plan.entry);
    }
  });
});

test('a taken name or file makes way, and none is ever overwritten', async () => {
  await withGoParser((parse) => {
    const files = {
      'orders.go': 'package server\n\nfunc getOrder() {}\n',
      'get_orders_id_test.go': 'package server\n',
      'GET_API_V1_ORDERS_ID.go': 'package server\n',
    };
    const plan = planOf(parse, 'GET /orders/{id}', tableOf(), { files });
    assert.equal(plan.handler, 'getOrdersID');
    assert.ok(plan.files.some(({ path }) => path === 'internal/server/get_orders_id_2.go'));
    const second = planOf(parse, 'GET /orders/{id}', tableOf(), {
      files: { ...files, 'more.go': 'package server\n\ntype getOrdersIDRequest int\n' },
    });
    assert.equal(second.handler, 'getOrdersID2');
    const tests = { 'orders_test.go': 'package server\n\nfunc TestGetOrder(t *testing.T) {}\n' };
    assert.equal(planOf(parse, 'GET /orders/{id}', tableOf(), { files: tests }).handler, 'getOrdersID');
    const others = { 'orders_test.go': 'package server_test\n\nfunc TestGetOrder(t *testing.T) {}\n' };
    assert.equal(planOf(parse, 'GET /orders/{id}', tableOf(), { files: others }).handler, 'getOrder');
  });
});

test('a handler that was named is taken as it is, or refused', async () => {
  await withGoParser((parse) => {
    assert.equal(planOf(parse, 'GET /a', tableOf(), { handler: 'showA' }).handler, 'showA');
    for (const handler of ['routes', 'Route', 'func', '2a', 'a b', '_', 'init', 'http']) {
      assert.throws(() => planOf(parse, 'GET /a', tableOf(), { handler }), refuses(/--handler/, 2));
    }
  });
});

const conflicts: readonly [string, string, RegExp | undefined][] = [
  ['GET /orders', 'GET /orders', /has the route GET \/orders already/],
  ['GET /orders/{id}', 'GET /orders/{order}', /same requests.*ServeMux refuses/],
  ['GET /orders/{id}', 'HEAD /orders/{order}', undefined],
  ['GET /orders/{id}', 'POST /orders/{id}', undefined],
  ['GET /orders/{id}', 'GET /orders/latest', undefined],
  ['GET /{a}/latest', 'GET /orders/{id}', /neither is more specific/],
  ['HEAD /{a}', 'GET /orders', /neither is more specific/],
  ['GET /files/{path...}', 'GET /files/', /same requests/],
  ['GET /files/{$}', 'GET /files/', undefined],
  ['GET /files/{$}', 'GET /files/{name}', undefined],
  ['GET /{a}/b/{c...}', 'GET /a/{b...}', /neither/],
  ['GET /a%20b', 'GET /a%20b', /already/],
];

test('a route that ServeMux would refuse beside another is refused, and others are not', async () => {
  await withGoParser((parse) => {
    for (const [there, added, says] of conflicts) {
      const flags = { objective: 'none' };
      if (says === undefined) planOf(parse, added, tableOf(there), flags);
      else
        assert.throws(
          () => planOf(parse, added, tableOf(there), flags),
          refuses(says, 1),
          `${there}, ${added}`,
        );
    }
  });
});

const ginConflicts: readonly [string, string, RegExp | undefined][] = [
  [
    'GET /orders/{id}',
    'GET /orders/{key}/lines',
    /gin.*cannot hold GET \/orders\/\{key\}\/lines beside GET \/orders\/\{id\}/,
  ],
  ['GET /orders/{id}', 'GET /{rest...}', /gin/],
  ['GET /orders/{id}', 'POST /books:publish', /a : or \* begins a wildcard/],
  ['GET /orders/{id}', 'GET /orders/{id}/lines', undefined],
  ['GET /orders/{id}', 'GET /orders/latest', undefined],
  ['GET /orders/{id}', 'GET /orders/{$}', undefined],
  ['GET /orders/{id}', 'POST /orders/{key}', undefined],
];

test('a route that gin cannot hold is refused where gin is the router', async () => {
  await withGoParser((parse) => {
    const files = { 'router.go': 'package server\n\nimport "github.com/gin-gonic/gin"\n\nvar _ = gin.New\n' };
    for (const [there, added, says] of ginConflicts) {
      const flags = { objective: 'none' };
      planOf(parse, added, tableOf(there), flags);
      const onGin = () => planOf(parse, added, tableOf(there), { ...flags, files });
      if (says === undefined) onGin();
      else assert.throws(onGin, refuses(says, 1), added);
    }
  });
});

test('a route whose objectives would have the id of another is refused', async () => {
  await withGoParser((parse) => {
    const table = tableOf('GET /a/b').replace('slo.None', 'slo.Objective{Availability: 0.9}');
    assert.throws(() => planOf(parse, 'GET /a-b', table), refuses(/both be get-a-b-availability/, 1));
    planOf(parse, 'GET /a-b', table, { objective: 'none' });
  });
});

const patterns: readonly [string, string, RegExp][] = [
  ['get', '/a', /Did you mean GET\?/],
  ['FETCH', '/a', /no method of HTTP.*PATCH/],
  ['GET', 'orders', /Did you mean "\/orders"\?/],
  ['GET', 'https://example.com/orders', /Did you mean "\/orders"\?/],
  ['GET', '/orders/:id', /Did you mean "\/orders\/\{id\}"\?|did you mean "\/orders\/\{id\}"\?/],
  ['GET', '/orders/<int:id>', /did you mean "\/orders\/\{id\}"\?/],
  ['GET', '/files/*path', /did you mean "\/files\/\{path\.\.\.\}"\?/],
  ['GET', '/files/*', /did you mean "\/files\/\{rest\.\.\.\}"\?/],
  ['GET', '/a//b', /Did you mean "\/a\/b"\?/],
  ['GET', '/a/../b/', /Did you mean "\/b\/"\?/],
  ['GET', '/ä', /%C3%A4/],
  ['GET', '/a b', /%20/],
  ['GET', '/a?b=1', /queries/],
  ['GET', `/${'a'.repeat(200)}`, /205 characters, at most 180/],
  ['GET', '/a{id}', /no wildcard/],
  ['GET', '/{id', /no wildcard/],
  ['GET', '/{}', /Did you mean \{id\}\?/],
  ['GET', '/{order-id}', /Did you mean \{order_id\}\?/],
  ['GET', '/{id}/{id}', /there twice/],
  ['GET', '/{rest...}/a', /at its end only/],
  ['GET', '/{$}/a', /at the end/],
];

test('a pattern that no router of the service can hold is refused with the one that may have been meant', () => {
  for (const [method, path, says] of patterns) {
    assert.throws(() => readPattern(method, path), refuses(says, 2), `${method} ${path}`);
  }
});

const promises: readonly [PromiseFlags, string][] = [
  [
    {},
    'slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 250 * time.Millisecond}, telemetry.Default',
  ],
  [
    { objective: '99.95%', latency: 'none', sample: '0.05' },
    'slo.Objective{Availability: 0.9995}, telemetry.Ratio(0.05)',
  ],
  [{ objective: 'none', sample: 'always' }, 'slo.None, telemetry.Always'],
  [
    { objective: '.90', latency: '95%', threshold: '1.5s', sample: '1' },
    'slo.Objective{Availability: 0.9, Latency: 0.95, Threshold: 1500 * time.Millisecond}, telemetry.Ratio(1)',
  ],
  [
    { threshold: '1s', sample: '10%' },
    'slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: time.Second}, telemetry.Ratio(0.1)',
  ],
];

test('the flags become the objective and the sampling as a Go engineer writes them', async () => {
  await withGoParser((parse) => {
    for (const [flags, expected] of promises) {
      assert.equal(
        planOf(parse, 'GET /a', tableOf(), flags).entry.replace(/,$/, ''),
        `{"GET /a", getA(d), ${expected}}`,
      );
    }
    assert.match(planOf(parse, 'POST /payment/{id}/x', tableOf()).entry, /telemetry\.Always/);
  });
});

test('a ratio, a duration or a share that cannot be is refused', () => {
  const wrong: readonly [PromiseFlags, RegExp][] = [
    [{ objective: '99.9' }, /Did you mean 99\.9%\?/],
    [{ objective: '1' }, /between 0 and 1/],
    [{ objective: '100%' }, /between 0 and 1/],
    [{ objective: '0' }, /or none/],
    [{ objective: 'none', latency: '0.9' }, /leave out --latency/],
    [{ latency: 'none', threshold: '1s' }, /--threshold needs/],
    [{ threshold: '250' }, /Did you mean 250ms\?/],
    [{ threshold: '0s' }, /from 100us to 1h/],
    [{ threshold: '-1s' }, /duration such as/],
    [{ threshold: '61m' }, /^--threshold 61m: give a duration from 100us to 1h\. Nothing was written\.$/],
    [{ threshold: '1us' }, /from 100us to 1h/],
    [{ objective: 'none', latency: 'none', threshold: '1s' }, /leave out/],
  ];
  for (const [flags, says] of wrong)
    assert.throws(() => readObjective(flags), refuses(says, 2), JSON.stringify(flags));
  const route = readPattern('GET', '/a');
  assert.throws(
    () => readSampling('2', route),
    refuses(/0\.2 or 20%, or always or default\. Did you mean 2%\?/, 2),
  );
  assert.deepEqual(readObjective({ objective: 'none', latency: 'none' }), {});
  assert.equal(readObjective({ threshold: '1h' }).latency?.thresholdNanos, 3600e9);
});

test('the handler reads what the path and the body carry, without names that Go or it has already', async () => {
  await withGoParser((parse) => {
    const text = textOf(planOf(parse, 'PUT /a/{type}/{r}/{user_id}/{_}', tableOf()), '/a.go');
    for (const line of [
      'typeValue := r.PathValue("type")',
      'rValue := r.PathValue("r")',
      'userID := r.PathValue("user_id")',
      'value := r.PathValue("_")',
      'json.NewDecoder(r.Body).Decode(&body)',
      'zap.String("type", typeValue), zap.String("r", rValue), zap.String("user_id", userID), zap.String("_", value), ',
    ]) {
      assert.ok(text.includes(line), `${line}\n${text}`);
    }
    assert.doesNotMatch(textOf(planOf(parse, 'GET /a', tableOf()), '/a.go'), /Body|PathValue|zap"/);
  });
});

test('a handler that reads a body has the request, with trace ids in its log or without', async () => {
  await withGoParser((parse) => {
    const full = `${tableOf()}
func decode(r io.Reader, to any) error { return nil }

func fail(w http.ResponseWriter, r *http.Request, log *zap.Logger, err error) {
	if errors.Is(err, slo.ErrInvalid) {
		return
	}
}
`;
    for (const telemetry of ['example.com/shop/internal/telemetry', undefined]) {
      const text = textOf(planOf(parse, 'POST /refund', full, { telemetry }), '/refund.go');
      assert.match(text, /, r \*http\.Request\) \{[\s\S]*decode\(r\.Body/);
    }
  });
});

test('a package that lost the helpers of the emitted one gets a handler that needs none of them', async () => {
  await withGoParser((parse) => {
    const table = tableOf()
      .replace(/^func reply.*$/m, '')
      .replace('\tLog *zap.Logger\n', '');
    const plan = planOf(parse, 'GET /a/{id}', table);
    assert.equal(plan.tested, false);
    assert.match(textOf(plan, '/a.go'), /http\.Error\(w, "GET \/a\/\{id\} is not implemented yet"/);
    assert.doesNotMatch(textOf(plan, '/a.go'), /zap|telemetry|reply|PathValue/);
    assert.match(
      textOf(plan, '/a.go'),
      /^func getA\(_ Deps\).*\(w http\.ResponseWriter, _ \*http\.Request\)/ms,
    );
    const withoutDeps = planOf(parse, 'GET /a', table.replace('func routes(d Deps)', 'func routes()'));
    assert.match(withoutDeps.entry, /"GET \/a", getA\(\), /);
  });
});

const sloJson = `{
  "schema": "go-sre.slo/v1",
  "service": "shop",
  "owner": "a \\u0026 b",
  "runbook": "README.md",
  "slos": [
    {"id":"get-a-availability","kind":"availability","method":"GET","route":"/a","objective":0.999,"window":"7d"}
  ]
}
`;

test('slo.json grows as the service would print it, and only where it was in step with the table', async () => {
  await withGoParser((parse) => {
    const table = tableOf('GET /a').replace('slo.None', 'slo.Objective{Availability: 0.999}');
    const plan = planOf(parse, 'GET /b<&>', table, { sloJson, threshold: '2.5s' });
    const added = [
      ',\n    {"id":"get-b-availability","kind":"availability","method":"GET","route":"/b\\u003c\\u0026\\u003e","objective":0.999,"window":"7d"}',
      ',\n    {"id":"get-b-latency","kind":"latency","method":"GET","route":"/b\\u003c\\u0026\\u003e","objective":0.99,"thresholdSeconds":2.5,"window":"7d"}',
    ];
    assert.equal(plan.sloJson, sloJson.replace('"7d"}\n', `"7d"}${added.join('')}\n`));
    for (const other of [
      table.replace('0.999', '0.99'),
      table.replace('"GET /a"', '"GET /c"'),
      table.replace('slo.Objective{Availability: 0.999}', 'objectiveOf("a")'),
      table.replace('{"GET /a"', 'healthRoute(d),\n\t\t{"GET /a"'),
    ]) {
      const left = planOf(parse, 'GET /b', other, { sloJson });
      assert.equal(left.sloJson, undefined, other);
      const computed = /objectiveOf|healthRoute/.test(other);
      const reason = computed
        ? /route at internal\/server\/routes\.go:\d+ promises/
        : /not what the service prints/;
      assert.match(left.sloLeft ?? '', reason, other);
    }
    assert.equal(planOf(parse, 'GET /b', table, { sloJson, objective: 'none' }).sloLeft, undefined);
    const reasonWith = (text: string) => planOf(parse, 'GET /b', table, { sloJson: text }).sloLeft ?? '';
    assert.match(reasonWith(sloJson.replaceAll('\n', '\r\n')), /not what the service prints/);
    assert.match(reasonWith(''), /it is empty/);
  });
});

test('an objective that several routes share is read from the variable, unless it is set twice', async () => {
  await withGoParser((parse) => {
    const table = tableOf('GET /a').replace('slo.None', 'fast');
    const shared = (lines: string) => table.replace('\treturn []Route{', `${lines}\n\treturn []Route{`);
    const one = '\tfast := slo.Objective{Availability: 0.999}';
    assert.ok(planOf(parse, 'GET /b', shared(one), { sloJson }).sloJson);
    assert.ok(
      planOf(parse, 'GET /b', `${table}\nvar ${one.trim().replace(':=', '=')}\n`, { sloJson }).sloJson,
    );
    const twice = shared(`${one}\n\tfast = slo.None`);
    assert.equal(planOf(parse, 'GET /b', twice, { sloJson }).sloJson, undefined);
  });
});

/** Blanks and comments as people put them where Go allows a new line. */
const blank = fc.constantFrom(
  '',
  ' ',
  '\t',
  '\n',
  '\n\n\t',
  '\r\n',
  '// one\n',
  ' /* a, {b} */ ',
  '/* "GET /x"\n */',
  '//}\n',
);
const path = fc
  .array(fc.constantFrom('orders', '{id}', 'v1', 'gift-cards', 'a%20b', '{user_id}', '~', 'x.y'), {
    minLength: 1,
    maxLength: 5,
  })
  .map(
    (parts) =>
      `/${parts.map((part, at) => (part.startsWith('{') ? part.replace('}', `${at}}`) : part)).join('/')}`,
  );
const pattern = fc.tuple(fc.constantFrom('GET', 'POST', 'DELETE'), path).map((words) => words.join(' '));

test('whatever stands between the routes, every byte of it stays and the table has one route more', async () => {
  await withGoParser((parse) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { maxLength: 4 }),
        fc.array(blank, { minLength: 30, maxLength: 30 }),
        pattern,
        fc.boolean(),
        (routes, blanks, added, comma) => {
          const at = blanks.values();
          const gap = () => at.next().value ?? '';
          const entries = routes.map(
            (route) => `{${gap()}"${route}", ${gap()}h(d), slo.None, ${gap()}telemetry.Default}`,
          );
          const list = entries.map((entry) => `${gap()}${entry}`).join(',');
          const end = comma && routes.length > 0 ? `,${gap()}` : '';
          const text = `${head}func routes(d Deps) []Route {\n\treturn []Route{${list}${end}}\n}\n`;
          let plan: RoutePlan;
          try {
            plan = planOf(parse, added, text);
          } catch (error) {
            assert.ok(error instanceof CliError);
            return;
          }
          const file = plan.files.find(({ path }) => path.endsWith('/routes.go'));
          assert.ok(file && 'path' in plan.place, JSON.stringify(plan.place));
          const now = Buffer.from(file.after).toString();
          const length = now.length - text.length;
          const splits = Array.from({ length: text.length + 1 }, (_, split) => split);
          assert.ok(
            splits.some((split) => now.slice(0, split) + now.slice(split + length) === text),
            now,
          );
          assert.equal(parse('routes.go', now).brokenLine, undefined, now);
          const count = (source: string) => parse('x', source).root.descendantsOfType('literal_value').length;
          assert.ok(count(now) > count(text));
          assert.throws(() => planOf(parse, added, now), refuses(/already/, 1));
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('a damaged file never makes the command throw anything but a message, and is never written', async () => {
  const shapes = [
    'as-emitted',
    'statements-that-append',
    'fields-on-lines-of-their-own',
    'a-variable-of-the-package',
  ];
  const files = shapes.map((shape) =>
    readFileSync(new URL(`testdata/route-tables/${shape}.go.txt`, import.meta.url)),
  );
  await withGoParser((parse) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.uint8Array({ maxLength: 12 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (file, edits) => {
          let bytes = Buffer.from(file);
          for (const [at, length, inserted] of edits) {
            const start = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + length)]);
          }
          try {
            const plan = planOf(parse, 'POST /refund', bytes);
            const changed = plan.files.find(({ before }) => before !== undefined);
            assert.ok(changed === undefined || Buffer.compare(Buffer.from(changed.before!), bytes) === 0);
          } catch (error) {
            assert.ok(error instanceof CliError, String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
