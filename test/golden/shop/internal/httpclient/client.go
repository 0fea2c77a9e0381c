// Package httpclient calls another service over HTTP and shows every attempt: as a span, a metric and, when it
// fails, a log line.
package httpclient

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"example.com/shop/internal/retry"
	"example.com/shop/internal/telemetry"
)

// Options say which service and how patient to be with it.
type Options struct {
	URL     *url.URL      // scheme, host and perhaps a path that all requests begin with
	Timeout time.Duration // for one attempt, from the wait for a connection to the last byte of the body

	DialTimeout    time.Duration // 0: half of Timeout
	TLSTimeout     time.Duration // 0: half of Timeout
	HeaderTimeout  time.Duration // for the wait between request and answer; 0: none but Timeout
	MaxConnections int           // 0: 100; requests beyond it wait
	MaxBodyBytes   int64         // 0: 1 MiB; a longer answer is an error

	dial dialFunc // for tests
}

// Client sends requests to one service with a bounded number of attempts.
type Client struct {
	http       *http.Client
	url        *url.URL
	target     []attribute.KeyValue
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	log        *zap.Logger
	metrics    metrics
	timeout    time.Duration // for one attempt
	budget     time.Duration // for all attempts of one operation
	maxBody    int64
	retries    *retry.Budget
	jitter     func(limit time.Duration) time.Duration
}

// New makes a client; it connects on first use.
func New(options Options, tel *telemetry.Telemetry) *Client {
	host := options.URL.Hostname()
	limit := cmp.Or(options.MaxConnections, 100)
	m := newMetrics(tel.Registry, host, limit)
	dial := options.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &Client{
		http: &http.Client{
			Transport: &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				DialContext:           m.counted(dial, cmp.Or(options.DialTimeout, options.Timeout/2)),
				ForceAttemptHTTP2:     true, // an own DialContext would switch it off
				MaxConnsPerHost:       limit,
				MaxIdleConnsPerHost:   limit, // the default of 2 makes a busy client dial all the time
				IdleConnTimeout:       90 * time.Second,
				TLSHandshakeTimeout:   cmp.Or(options.TLSTimeout, options.Timeout/2),
				ResponseHeaderTimeout: options.HeaderTimeout,
			},
			// A redirect is an answer: what to do with it is the caller's business, and credentials stay here.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url:        options.URL,
		target:     []attribute.KeyValue{semconv.ServerAddress(host), semconv.ServerPort(port(options.URL))},
		tracer:     tel.Tracer,
		propagator: tel.Propagator,
		log:        tel.Log.Named("httpclient"),
		metrics:    m,
		timeout:    options.Timeout,
		budget:     retry.MaxAttempts * options.Timeout,
		maxBody:    cmp.Or(options.MaxBodyBytes, 1<<20),
		retries:    retry.NewBudget(retry.OperationsPerRetry),
		jitter:     func(limit time.Duration) time.Duration { return rand.N(limit) },
	}
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// NewRequest makes a request to the service. The path is escaped already and may have a query; a body that is a
// *bytes.Reader, *bytes.Buffer or *strings.Reader can be sent again.
func (c *Client) NewRequest(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	base := *c.url
	base.Path, base.RawPath, base.RawQuery, base.Fragment = "", "", "", ""
	target := base.String() + strings.TrimSuffix(c.url.EscapedPath(), "/") + path
	request, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", c.url.Host, withoutURL(err))
	}
	return request, nil
}

// Do sends a request of NewRequest and returns the last attempt's answer, whatever its status, or its error. The
// answer has been read to its end: nothing leaks when its body is not closed.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host != c.url.Host {
		return nil, fmt.Errorf("a client of %s was given a request to %s", c.url.Host, r.URL.Host)
	}
	ctx, cancel := context.WithTimeout(r.Context(), c.budget)
	defer cancel()
	c.retries.Deposit()
	for attempt := 1; ; attempt++ {
		response, err := c.attempt(ctx, r, attempt)
		if attempt == retry.MaxAttempts || !retryable(ctx, r, response, err) || !c.pause(ctx, attempt, response) {
			return response, err
		}
		c.metrics.retries.Inc()
	}
}

// pause waits before the next attempt. It is false when there will be none: the time or the retries are used up.
func (c *Client) pause(ctx context.Context, attempt int, response *http.Response) bool {
	return c.retries.Pause(ctx, c.jitter(retry.Backoff(attempt))+retryAfter(response, time.Now()))
}
