package telemetry

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Logger writes one JSON object a line.
type Logger struct {
	*zap.Logger
	always *zap.Logger // ignores the level: for the access line of a stored trace
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
		TimeKey: "ts", LevelKey: "level", NameKey: "logger", CallerKey: "caller", MessageKey: "msg", StacktraceKey: "stack",
		EncodeTime: func(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
			enc.AppendString(t.UTC().Format("2006-01-02T15:04:05.000000000Z"))
		},
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: zapcore.SecondsDurationEncoder,
		EncodeCaller:   zapcore.ShortCallerEncoder,
	})
	build := func(level zapcore.Level) *zap.Logger {
		return zap.New(zapcore.NewCore(encoder, sink, level), zap.WithCaller(true))
	}
	return &Logger{Logger: build(level), always: build(zapcore.DebugLevel), file: file}, nil
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
	if sc := trace.SpanContext(ids); sc.IsValid() {
		enc.AddString("trace_id", sc.TraceID().String())
		enc.AddString("span_id", sc.SpanID().String())
		enc.AddString("trace_flags", sc.TraceFlags().String())
	}
	return nil
}
