package telemetry

import (
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// accessLog writes the access lines of a route and method. It hands them to zap's cores directly, with what is the same
// in all of them encoded once; a zap.Logger would look at the clock and for the caller anew each time.
type accessLog struct {
	leveled, always zapcore.Core
}

func newAccessLog(log *Logger, method, route string) accessLog {
	same := []zap.Field{zap.String("caller", "telemetry/access.go"), zap.String("method", method), zap.String("route", route)}
	return accessLog{leveled: log.access.With(same), always: log.always.With(same)}
}

// with adds a field to the lines.
func (l accessLog) with(field zap.Field) accessLog {
	return accessLog{leveled: l.leveled.With([]zap.Field{field}), always: l.always.With([]zap.Field{field})}
}

// write writes the line of a stored trace whatever the level: it is never missing.
func (l accessLog) write(rec *recorder, stored bool) {
	level, core := zapcore.InfoLevel, l.leveled
	if rec.failed() {
		level = zapcore.ErrorLevel
	}
	if stored {
		core = l.always
	} else if !core.Enabled(level) {
		return
	}
	line := accessLines.Get().(*accessLine)
	line.recorder = rec
	entry := zapcore.Entry{Level: level, Time: rec.ctx.start.Add(rec.duration), Message: "request"}
	if err := core.Write(entry, line.fields[:]); err != nil {
		fmt.Fprintln(os.Stderr, "write error:", err) // as zap does
	}
	line.recorder = nil
	accessLines.Put(line)
}

// accessLine is a request's line as zap takes it. It has a pool, so that zap's field and the room for ids make the
// recorder, which has none, no larger.
type accessLine struct {
	*recorder
	scratch [hexLength]byte
	fields  [1]zap.Field
}

var accessLines = sync.Pool{New: func() any {
	line := new(accessLine)
	line.fields[0] = zap.Inline(line)
	return line
}}

func (l *accessLine) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddInt("status", l.status)
	if l.kind != "" {
		enc.AddString("error_type", l.kind)
	}
	enc.AddInt64("bytes", l.bytes)
	enc.AddFloat64("duration_ms", float64(l.duration)/float64(time.Millisecond))
	addTraceIDs(enc, l.span.sc, l.scratch[:])
	return nil
}
