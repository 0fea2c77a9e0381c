package telemetry

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// recorder notes what a handler answers, and is the request's context and, unless it is recorded, its span: one
// allocation for all three.
// It is not taken from a pool, because what a handler has started may hold it longer than the request lasts.
// Everything the wrapped writer can do stays reachable: Unwrap for http.ResponseController,
// Flush, Hijack and ReadFrom for code that asks for the interfaces.
type recorder struct {
	http.ResponseWriter
	ctx      deadline
	method   string
	status   int    // 0 until the header is written
	kind     string // of the failure, where the status does not tell it: see errorType
	bytes    int64
	duration time.Duration
	span     idSpan
}

// idSpan is a span that is not recorded: its ids are passed on and logged.
type idSpan struct {
	trace.Span
	sc trace.SpanContext
}

var noSpan trace.Span = noop.Span{}

func (s *idSpan) SpanContext() trace.SpanContext { return s.sc }

func (r *recorder) WriteHeader(status int) {
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if !informational {
		r.begin(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.begin(http.StatusOK)
	n, err := r.ResponseWriter.Write(p)
	r.wrote(int64(n), err)
	return n, err
}

// ReadFrom lets io.Copy reach the connection's own ReadFrom (sendfile).
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	if _, ok := r.ResponseWriter.(io.ReaderFrom); !ok {
		return io.Copy(struct{ io.Writer }{r}, src) // HTTP/2 has none
	}
	first := r.status == 0
	r.begin(http.StatusOK)
	n, err := io.Copy(r.ResponseWriter, src)
	if first && n == 0 && err != nil {
		r.status, r.kind = 0, "" // nothing was sent: the handler may still answer with an error
		return n, err
	}
	r.wrote(n, err)
	return n, err
}

func (r *recorder) Flush() { _ = r.FlushError() }

// FlushError is what http.ResponseController calls.
func (r *recorder) FlushError() error {
	r.begin(http.StatusOK)
	err := http.NewResponseController(r.ResponseWriter).Flush()
	r.wrote(0, err)
	return err
}

func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.begin(http.StatusSwitchingProtocols)
		r.ctx.move(time.Time{})
	}
	return conn, rw, err
}

// SetWriteDeadline moves the time bound of the request with that of the connection: a stream that may be written to
// for longer may also last longer.
func (r *recorder) SetWriteDeadline(to time.Time) error {
	err := http.NewResponseController(r.ResponseWriter).SetWriteDeadline(to)
	if err == nil {
		r.ctx.move(to)
	}
	return err
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// ErrShutdown is the cause of the end of a request that the shutdown did not wait for, to be given to the
// http.Server's BaseContext: no client has left then.
var ErrShutdown = errors.New("the service is shutting down")

// begin notes the status of the answer; the first counts. Any answer to a client that has gone counts as that, and a
// failure after the time bound as a timeout.
func (r *recorder) begin(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	switch {
	case r.left():
		r.status, r.kind = StatusClientGone, errorTypeClientGone
	case status == StatusClientGone && r.shutDown(): // a handler that takes every cancelled context for a client's
		r.status = http.StatusServiceUnavailable
	case status >= 500 && r.ctx.exceeded():
		r.kind = errorTypeTimeout
	}
}

// left says whether the client has gone.
func (r *recorder) left() bool {
	return errors.Is(r.ctx.Context.Err(), context.Canceled) && !r.shutDown()
}

func (r *recorder) shutDown() bool { return errors.Is(context.Cause(r.ctx.Context), ErrShutdown) }

// wrote notes what a write did. The server ends the connection's context when one fails. Half an answer that the write
// deadline cut off is no success, whatever its header says: it counts as 504, as it counts as 500 after a panic.
func (r *recorder) wrote(n int64, err error) {
	r.bytes += n
	if err == nil || r.kind != "" || r.ctx.Context.Err() == nil {
		return
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.status, r.kind = http.StatusGatewayTimeout, errorTypeTimeout
	case r.shutDown():
		r.status = http.StatusServiceUnavailable
	default:
		r.kind = errorTypeClientGone
	}
}

// errorType is the low-cardinality reason of a failure: the code of a 5xx answer or a word; empty otherwise.
func (r *recorder) errorType() string {
	if r.kind == "" {
		return errorType(r.status)
	}
	return r.kind
}

// failed says whether the service, and not the client, is to blame.
func (r *recorder) failed() bool { return r.status >= 500 }
