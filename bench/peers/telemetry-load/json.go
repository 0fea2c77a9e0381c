package main

import (
	"strconv"
	"strings"
)

// plain appends a text as it is.
func (e *encoder) plain(text string) { e.bytes = append(e.bytes, text...) }

func (e *encoder) jsonID(what, index, size int) {
	e.plain(`"`)
	e.mark(what, index, 0)
	e.plain(strings.Repeat("0", 2*size) + `"`)
}

// jsonTime appends 19 digits, as nanoseconds since 1970 have until 2286.
func (e *encoder) jsonTime(r record, end bool) {
	delta := r.start
	if end {
		delta += r.duration
	}
	e.plain(`"`)
	e.mark(patchTime, 0, delta)
	e.plain(strings.Repeat("0", 19) + `"`)
}

func (e *encoder) jsonAttributes(attributes []attribute, trace int) {
	e.plain("[")
	for n, a := range attributes {
		if n > 0 {
			e.plain(",")
		}
		e.plain(`{"key":"` + a.key + `","value":{`)
		if a.text == "" {
			e.plain(`"intValue":"` + strconv.FormatInt(a.number, 10) + `"`)
		} else {
			e.plain(`"stringValue":"` + a.text)
			e.markDigits(a.text, trace)
			e.plain(`"`)
		}
		e.plain("}}")
	}
	e.plain("]")
}

// otlpJSON encodes what protobuf encodes. No text of the model needs escaping.
func otlpJSON(signal string, resource []attribute, records []record) encoder {
	var e encoder
	outer, inner, list := "resourceSpans", "scopeSpans", "spans"
	if signal == "logs" {
		outer, inner, list = "resourceLogs", "scopeLogs", "logRecords"
	}
	e.plain(`{"` + outer + `":[{"resource":{"attributes":`)
	e.jsonAttributes(resource, 0)
	e.plain(`},"` + inner + `":[{"scope":{"name":"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp","version":"0.72.0"},"` + list + `":[`)
	for index, r := range records {
		if index > 0 {
			e.plain(",")
		}
		if signal == "traces" {
			e.jsonSpan(r, index)
		} else {
			e.jsonLog(r, index)
		}
	}
	e.plain("]}]}]}")
	return e
}

func (e *encoder) jsonSpan(r record, index int) {
	e.plain(`{"traceId":`)
	e.jsonID(patchTrace, r.trace, 16)
	e.plain(`,"spanId":`)
	e.jsonID(patchSpan, index, 8)
	if r.parent >= 0 {
		e.plain(`,"parentSpanId":`)
		e.jsonID(patchSpan, r.parent, 8)
	}
	e.plain(`,"flags":1,"name":"` + r.name + `","kind":` + strconv.Itoa(r.kind) + `,"startTimeUnixNano":`)
	e.jsonTime(r, false)
	e.plain(`,"endTimeUnixNano":`)
	e.jsonTime(r, true)
	e.plain(`,"attributes":`)
	e.jsonAttributes(r.attributes, r.trace)
	if r.failed {
		e.plain(`,"status":{"message":"503 Service Unavailable","code":2}}`)
	} else {
		e.plain(`,"status":{}}`)
	}
}

func (e *encoder) jsonLog(r record, index int) {
	e.plain(`{"timeUnixNano":`)
	e.jsonTime(r, false)
	e.plain(`,"observedTimeUnixNano":`)
	e.jsonTime(r, false)
	e.plain(`,"severityNumber":` + strconv.Itoa(r.severity) + `,"severityText":"` + severityText(r.severity) + `","body":{"stringValue":"` + r.body + `"},"attributes":`)
	e.jsonAttributes(r.attributes, r.trace)
	e.plain(`,"flags":1,"traceId":`)
	e.jsonID(patchTrace, r.trace, 16)
	e.plain(`,"spanId":`)
	e.jsonID(patchSpan, index, 8)
	e.plain("}")
}
