package telemetry

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/Acme/order-api/v2/internal/redact"
)

// nanoseconds is the layout that package time formats without parsing it.
var nanoseconds = zapcore.TimeEncoderOfLayout(time.RFC3339Nano)

// Logger writes one JSON object a line, without the secrets that a caller puts into it.
type Logger struct {
	*zap.Logger
	access zapcore.Core // the access line holds no foreign text, and so nothing to redact
	always zapcore.Core // like access, whatever the level
	level  zap.AtomicLevel
	file   *os.File
}

// NewLogger logs to stdout and, unless path is empty, to the file at path too.
func NewLogger(stdout io.Writer, path string, level zapcore.Level) (*Logger, error) {
	sink := zapcore.AddSync(stdout)
	var file *os.File
	if path != "" {
		var err error
		file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, fmt.Errorf("LOG_FILE: %w", err)
		}
		sink = zapcore.NewMultiWriteSyncer(sink, file)
	}
	sink = zapcore.Lock(sink)
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "ts", LevelKey: "level", NameKey: "logger", CallerKey: "caller", MessageKey: "msg", StacktraceKey: "stacktrace",
		EncodeTime: func(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
			nanoseconds(t.UTC(), enc)
		},
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: zapcore.SecondsDurationEncoder,
		EncodeCaller:   zapcore.ShortCallerEncoder,
	})
	atomic := zap.NewAtomicLevelAt(level)
	return &Logger{
		Logger: zap.New(zapcore.NewCore(redacting{encoder}, sink, atomic), zap.WithCaller(true)),
		access: zapcore.NewCore(encoder, sink, atomic),
		always: zapcore.NewCore(encoder, sink, zapcore.DebugLevel),
		level:  atomic,
		file:   file,
	}, nil
}

// redacting removes secrets from whole lines, whichever field, error or stack they came in by.
type redacting struct{ zapcore.Encoder }

func (e redacting) Clone() zapcore.Encoder { return redacting{e.Encoder.Clone()} }

func (e redacting) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return line, err
	}
	if clean, changed := redact.JSON(line.Bytes()); changed {
		line.Reset()
		_, err = line.Write(clean)
	}
	return line, err
}

// ServeLevel answers GET and PUT {"level":"debug"}: it changes the level of a running service.
func (l *Logger) ServeLevel(w http.ResponseWriter, r *http.Request) {
	before := l.level.Level()
	l.level.ServeHTTP(w, r)
	if after := l.level.Level(); after != before {
		zap.New(l.always, zap.WithCaller(true)).Warn("log level changed", zap.Stringer("from", before), zap.Stringer("to", after))
	}
}

// Close closes the log file.
func (l *Logger) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// TraceIDs is the log field that joins a line with its trace: trace_id, span_id and trace_flags of ctx.
func TraceIDs(ctx context.Context) zap.Field {
	return zap.Inline(traceIDs(trace.SpanContextFromContext(ctx)))
}

type traceIDs trace.SpanContext

func (ids traceIDs) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	addTraceIDs(enc, trace.SpanContext(ids), make([]byte, hexLength))
	return nil
}

const hexLength = 2 * len(trace.TraceID{})

// addTraceIDs writes the ids in lower-case hex, by way of scratch, which holds hexLength bytes.
func addTraceIDs(enc zapcore.ObjectEncoder, sc trace.SpanContext, scratch []byte) {
	if !sc.IsValid() {
		return
	}
	traceID, spanID := sc.TraceID(), sc.SpanID()
	enc.AddByteString("trace_id", scratch[:hex.Encode(scratch, traceID[:])])
	enc.AddByteString("span_id", scratch[:hex.Encode(scratch, spanID[:])])
	flags := [1]byte{byte(sc.TraceFlags())}
	enc.AddByteString("trace_flags", scratch[:hex.Encode(scratch, flags[:])])
}
