package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// attribute has a text or, when that is empty, a number.
type attribute struct {
	key    string
	text   string
	number int64
}

// record is a span or a log record.
type record struct {
	trace      int // index of its trace in the request
	parent     int // index of the parent in the request, -1 for a root
	name       string
	kind       int
	failed     bool
	start      time.Duration // from the moment the request is sent, below zero
	duration   time.Duration
	body       string // of a log record
	severity   int
	attributes []attribute
}

// route is one of a service's, as semantic conventions name it.
type route struct{ method, pattern, path, table, query string }

// In a path six digits stand for a number that is written anew in every request.
const digits = "000000"

var routes = []route{
	{"GET", "/orders/{id}", "/orders/" + digits, "orders", "SELECT id, item, quantity, state FROM orders WHERE id = $1"},
	{"POST", "/orders", "/orders", "orders", "INSERT INTO orders (item, quantity, customer) VALUES ($1, $2, $3) RETURNING id"},
	{"GET", "/orders", "/orders", "orders", "SELECT id, item, state FROM orders WHERE customer = $1 ORDER BY id DESC LIMIT 50"},
	{"GET", "/customers/{id}", "/customers/" + digits, "customers", "SELECT id, name, country FROM customers WHERE id = $1"},
	{"PUT", "/customers/{id}/address", "/customers/" + digits + "/address", "addresses", "UPDATE addresses SET street = $2, city = $3 WHERE customer = $1"},
	{"POST", "/payment/{id}/capture", "/payment/" + digits + "/capture", "payments", "UPDATE payments SET state = 'captured' WHERE id = $1"},
	{"GET", "/stock/{item}", "/stock/item-" + digits, "stock", "SELECT item, available, reserved FROM stock WHERE item = $1"},
	{"DELETE", "/cart/{id}/items/{item}", "/cart/" + digits + "/items/3", "cart_items", "DELETE FROM cart_items WHERE cart = $1 AND item = $2"},
}

var agents = []string{
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0.0.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5",
	"go-resty/2.16.5 (https://github.com/go-resty/resty)",
	"shop-android/7.31.2 (Pixel 9; Android 16)",
}

var services = []string{"shop", "orders", "payment", "stock", "customers", "cart", "search", "delivery"}

func serviceName(n int) string {
	if n < len(services) {
		return services[n]
	}
	return fmt.Sprintf("%s-%d", services[n%len(services)], n/len(services))
}

func resourceOf(service int) []attribute {
	name := serviceName(service)
	return []attribute{
		{key: "service.name", text: name},
		{key: "service.version", text: "2.14.3"},
		{key: "service.namespace", text: "example"},
		{key: "service.instance.id", text: name + "-6f7d9c5b8d-x2x7k"},
		{key: "deployment.environment.name", text: "production"},
		{key: "host.name", text: "node-17.eu-central-1.compute.internal"},
		{key: "telemetry.sdk.name", text: "opentelemetry"},
		{key: "telemetry.sdk.language", text: "go"},
		{key: "telemetry.sdk.version", text: "1.47.0"},
	}
}

// spans makes so many spans in whole traces of 4 to 10, the last of which may be cut short.
func spans(random *rand.Rand, count int) (made []record, traces int) {
	for len(made) < count {
		size := min(4+random.IntN(7), count-len(made))
		made = append(made, trace(random, traces, len(made), size)...)
		traces++
	}
	return made, traces
}

// trace makes a server's span, and calls to a database, a cache and another service below it.
func trace(random *rand.Rand, trace, first, size int) []record {
	route := routes[random.IntN(len(routes))]
	status := statusOf(random)
	took := time.Duration(2e6 + random.ExpFloat64()*20e6)
	start := -took - time.Duration(random.Int64N(int64(4*time.Second)))
	made := []record{server(random, route, status, trace, start, took)}
	for n := 1; n < size; n++ {
		begin := start + took*time.Duration(n-1)/time.Duration(size)
		call := calls[random.IntN(len(calls))](random, route)
		call.trace, call.parent = trace, first
		if n > 2 && random.IntN(3) == 0 {
			call.parent = first + n - 1
		}
		call.start, call.duration = begin, took/time.Duration(size)*time.Duration(50+random.IntN(50))/100
		made = append(made, call)
	}
	return made
}

func statusOf(random *rand.Rand) int64 {
	switch share := random.IntN(100); {
	case share < 90:
		return 200
	case share < 94:
		return 201
	case share < 98:
		return 404
	default:
		return 503
	}
}

const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3
)

func server(random *rand.Rand, route route, status int64, trace int, start, took time.Duration) record {
	return record{
		trace: trace, parent: -1, start: start, duration: took, kind: kindServer,
		name:   route.method + " " + route.pattern,
		failed: status >= 500,
		attributes: []attribute{
			{key: "http.request.method", text: route.method},
			{key: "http.route", text: route.pattern},
			{key: "url.path", text: route.path},
			{key: "url.scheme", text: "https"},
			{key: "http.response.status_code", number: status},
			{key: "server.address", text: "shop.example.com"},
			{key: "network.protocol.version", text: "1.1"},
			{key: "client.address", text: fmt.Sprintf("203.0.%d.%d", random.IntN(256), random.IntN(256))},
			{key: "user_agent.original", text: agents[random.IntN(len(agents))]},
			{key: "http.response.body.size", number: random.Int64N(60_000)},
		},
	}
}

var calls = []func(*rand.Rand, route) record{database, database, cache, outgoing, internal}

func database(random *rand.Rand, route route) record {
	return record{kind: kindClient, name: "query " + route.table, attributes: []attribute{
		{key: "db.system.name", text: "postgresql"},
		{key: "db.namespace", text: "shop"},
		{key: "db.collection.name", text: route.table},
		{key: "db.operation.name", text: "query"},
		{key: "db.query.text", text: route.query},
		{key: "db.response.returned_rows", number: random.Int64N(50)},
		{key: "server.address", text: "postgres-rw.shop.svc.cluster.local"},
		{key: "server.port", number: 5432},
		{key: "network.peer.address", text: fmt.Sprintf("10.42.7.%d", random.IntN(16))},
		{key: "thread.id", number: random.Int64N(64)},
	}}
}

func cache(random *rand.Rand, route route) record {
	return record{kind: kindClient, name: "GET", attributes: []attribute{
		{key: "db.system.name", text: "redis"},
		{key: "db.operation.name", text: "GET"},
		{key: "db.namespace", text: "0"},
		{key: "db.query.text", text: "GET " + route.table + ":" + digits + ":summary"},
		{key: "server.address", text: "redis-master.shop.svc.cluster.local"},
		{key: "server.port", number: 6379},
		{key: "network.peer.address", text: fmt.Sprintf("10.42.9.%d", random.IntN(16))},
		{key: "network.transport", text: "tcp"},
		{key: "cache.hit", text: []string{"true", "false"}[random.IntN(2)]},
		{key: "cache.value.size", number: random.Int64N(9000)},
	}}
}

func outgoing(random *rand.Rand, route route) record {
	peer := services[random.IntN(len(services))]
	return record{kind: kindClient, name: route.method, attributes: []attribute{
		{key: "http.request.method", text: route.method},
		{key: "url.full", text: "http://" + peer + ".shop.svc.cluster.local:8080" + route.path},
		{key: "url.template", text: route.pattern},
		{key: "http.response.status_code", number: 200},
		{key: "server.address", text: peer + ".shop.svc.cluster.local"},
		{key: "server.port", number: 8080},
		{key: "network.peer.address", text: fmt.Sprintf("10.43.%d.%d", random.IntN(16), random.IntN(256))},
		{key: "network.protocol.version", text: "1.1"},
		{key: "http.request.resend_count", number: 0},
		{key: "peer.service", text: peer},
	}}
}

func internal(random *rand.Rand, route route) record {
	return record{kind: kindInternal, name: "price " + route.table, attributes: []attribute{
		{key: "code.function.name", text: "example.com/shop/internal/orders.(*Service).Price"},
		{key: "code.file.path", text: "/src/internal/orders/price.go"},
		{key: "code.line.number", number: 40 + random.Int64N(200)},
		{key: "thread.id", number: random.Int64N(64)},
		{key: "order.number", text: "order-" + digits},
		{key: "order.items", number: 1 + random.Int64N(12)},
		{key: "order.currency", text: []string{"EUR", "USD", "CHF", "GBP"}[random.IntN(4)]},
		{key: "price.rule", text: []string{"standard", "volume discount", "seasonal discount"}[random.IntN(3)]},
		{key: "customer.country", text: []string{"DE", "AT", "CH", "FR", "GB", "NL"}[random.IntN(6)]},
		{key: "feature.flag", text: "prices-v2"},
	}}
}

// logRecords makes log records as the spans of so many requests would leave them.
func logRecords(random *rand.Rand, count int) (made []record, traces int) {
	for len(made) < count {
		route := routes[random.IntN(len(routes))]
		status := statusOf(random)
		line := record{
			trace: traces, parent: -1, body: "request", severity: 9,
			start:    -time.Duration(random.Int64N(int64(4 * time.Second))),
			duration: time.Duration(2e6 + random.ExpFloat64()*20e6),
			attributes: []attribute{
				{key: "http.request.method", text: route.method},
				{key: "http.route", text: route.pattern},
				{key: "url.path", text: route.path},
				{key: "http.response.status_code", number: status},
				{key: "http.response.body.size", number: random.Int64N(60_000)},
				{key: "client.address", text: fmt.Sprintf("203.0.%d.%d", random.IntN(256), random.IntN(256))},
				{key: "user_agent.original", text: agents[random.IntN(len(agents))]},
				{key: "code.file.path", text: "server/server.go"},
				{key: "code.line.number", number: 87},
			},
		}
		if status >= 500 {
			line.body, line.severity = "redis attempt failed: i/o timeout", 17
		}
		made = append(made, line)
		traces++
	}
	return made, traces
}
