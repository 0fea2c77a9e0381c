package httpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"example.com/shop/internal/telemetry"
)

// attempt makes one span: it covers the wait for a connection, dialling, the request and the whole answer.
func (c *Client) attempt(ctx context.Context, r *http.Request, number int) (*http.Response, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	ctx, span := c.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(start))
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(c.target...)
		span.SetAttributes(semconv.HTTPRequestMethodKey.String(r.Method), semconv.URLFull(redacted(r.URL)))
		if number > 1 {
			span.SetAttributes(semconv.HTTPRequestResendCount(number - 1))
		}
	}
	c.metrics.active.Inc()
	defer c.metrics.active.Dec()

	use := &use{metrics: c.metrics, span: span}
	response, err := c.send(use.traced(ctx), r, number)
	use.release()

	var status, reason string
	if err == nil {
		status = strconv.Itoa(response.StatusCode)
		reason = errorOfStatus(response.StatusCode)
	} else {
		reason = errorType(err, use)
		err = fmt.Errorf("%s %s: %w", r.Method, redacted(r.URL), err)
	}
	took := time.Since(start)
	c.metrics.observe(ctx, r.Method, status, reason, took)
	c.tell(span, response, err, reason)
	if err != nil && reason != reasonCanceled || err == nil && (response.StatusCode >= 500 || retryableStatus(response.StatusCode)) {
		c.log.Warn("http attempt failed", zap.Error(err), zap.String("error_type", reason), zap.Int("attempt", number),
			zap.String("method", r.Method), zap.String("url", redacted(r.URL)),
			zap.Float64("duration_ms", float64(took)/float64(time.Millisecond)), telemetry.TraceIDs(ctx))
	}
	return response, err
}

// send sends the request once and reads the answer to its end, so that the connection can be used again.
func (c *Client) send(ctx context.Context, r *http.Request, number int) (*http.Response, error) {
	sent := r.Clone(ctx)
	if number > 1 && hasBody(r) {
		var err error
		if sent.Body, err = r.GetBody(); err != nil {
			return nil, fmt.Errorf("the body cannot be sent again: %w", err)
		}
	}
	c.propagator.Inject(ctx, propagation.HeaderCarrier(sent.Header))
	response, err := c.http.Do(sent)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("the answer %s breaks off: %w", response.Status, err)
	}
	if int64(len(body)) > c.maxBody {
		return nil, fmt.Errorf("%w of %d bytes", ErrTooLarge, c.maxBody)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// tell writes the outcome into the span. A caller that has gone is no failure of the service called.
func (c *Client) tell(span trace.Span, response *http.Response, err error, reason string) {
	if !span.IsRecording() {
		return
	}
	if response != nil {
		span.SetAttributes(semconv.HTTPResponseStatusCode(response.StatusCode))
	}
	if reason == "" {
		return
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(reason))
	switch {
	case reason == reasonCanceled:
	case err != nil:
		span.SetStatus(codes.Error, err.Error())
	default:
		span.SetStatus(codes.Error, "")
	}
}

// ErrTooLarge says that an answer was longer than Options.MaxBodyBytes.
var ErrTooLarge = errors.New("the answer is longer than the limit")
