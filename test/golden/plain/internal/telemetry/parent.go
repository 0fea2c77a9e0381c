package telemetry

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// remoteParent is the caller's span, or an invalid one: what propagation.TraceContext extracts, without the contexts
// that it makes for it. The format: https://www.w3.org/TR/trace-context-2/#traceparent-header
func remoteParent(header http.Header) trace.SpanContext {
	values := header["Traceparent"]
	if len(values) == 0 {
		return trace.SpanContext{}
	}
	var version, flags [1]byte
	var parent trace.SpanContextConfig
	const length = len("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	text := values[0]
	if len(text) < length || text[2] != '-' || text[35] != '-' || text[52] != '-' ||
		!decodeHex(version[:], text) || !decodeHex(parent.TraceID[:], text[3:]) ||
		!decodeHex(parent.SpanID[:], text[36:]) || !decodeHex(flags[:], text[53:]) {
		return trace.SpanContext{}
	}
	switch more := text[length:]; {
	case version[0] == 0 && (more != "" || flags[0] > 3), version[0] == 0xff, more != "" && more[0] != '-':
		return trace.SpanContext{}
	}
	parent.Remote = true
	parent.TraceFlags = trace.TraceFlags(flags[0]) & (trace.FlagsSampled | trace.FlagsRandom)
	if states := header["Tracestate"]; len(states) > 0 {
		// It may come in several headers; a wrong one does not make the traceparent wrong.
		parent.TraceState, _ = trace.ParseTraceState(strings.Join(states, ","))
	}
	if sc := trace.NewSpanContext(parent); sc.IsValid() {
		return sc
	}
	return trace.SpanContext{}
}

// decodeHex fills dst from the lower-case digits at the start of text.
func decodeHex(dst []byte, text string) bool {
	for i := range dst {
		high, low := hexDigit(text[2*i]), hexDigit(text[2*i+1])
		if high|low > 0xf {
			return false
		}
		dst[i] = high<<4 | low
	}
	return true
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}
