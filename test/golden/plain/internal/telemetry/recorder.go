package telemetry

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// recorder notes what a handler answers, and is the request's access line.
// Everything the wrapped writer can do stays reachable: Unwrap for http.ResponseController,
// Flush, Hijack and ReadFrom for code that asks for the interfaces.
type recorder struct {
	http.ResponseWriter
	method   string
	route    string
	status   int // 0 until the header is written
	bytes    int64
	duration time.Duration
	span     trace.SpanContext

	scratch [hexLength]byte
	fields  [1]zap.Field
}

// accessCaller stands in every access line for the caller that zap would look up anew each time.
const accessCaller = "telemetry/recorder.go"

// accessFields is the line as zap takes it, made without an allocation of its own.
func (r *recorder) accessFields() []zap.Field {
	r.fields[0] = zap.Inline(r)
	return r.fields[:]
}

func (r *recorder) WriteHeader(status int) {
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if r.status == 0 && !informational {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.begin()
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom lets io.Copy reach the connection's own ReadFrom (sendfile).
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	r.begin()
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}

func (r *recorder) Flush() {
	r.begin()
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil && r.status == 0 {
		r.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// begin notes the 200 that net/http sends when a handler writes without a header.
func (r *recorder) begin() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
}

func (r *recorder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("caller", accessCaller)
	enc.AddString("method", r.method)
	enc.AddString("route", r.route)
	enc.AddInt("status", r.status)
	enc.AddInt64("bytes", r.bytes)
	enc.AddFloat64("duration_ms", float64(r.duration)/float64(time.Millisecond))
	addTraceIDs(enc, r.span, r.scratch[:])
	return nil
}
