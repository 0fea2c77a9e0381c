package main

import (
	"encoding/binary"
	"strconv"
)

// Field numbers are those of https://github.com/open-telemetry/opentelemetry-proto (trace.proto, logs.proto).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// message appends a field with what `fill` appends; its length gets more room than it needs, and the rest is taken out.
func (e *encoder) message(field int, fill func()) {
	e.tag(field, wireBytes)
	const width = 4
	at := len(e.bytes)
	e.bytes = append(e.bytes, make([]byte, width)...)
	fill()
	length := len(e.bytes) - at - width
	exact := binary.AppendUvarint(nil, uint64(length))
	e.shift(at, width-len(exact))
	copy(e.bytes[at:], exact)
}

// shift removes so many bytes at an offset, and moves the places behind it.
func (e *encoder) shift(at, by int) {
	e.bytes = append(e.bytes[:at], e.bytes[at+by:]...)
	for n := len(e.patches) - 1; n >= 0 && e.patches[n].offset > at; n-- {
		e.patches[n].offset -= by
	}
}

func (e *encoder) tag(field, wire int) {
	e.bytes = binary.AppendUvarint(e.bytes, uint64(field<<3|wire))
}

func (e *encoder) text(field int, text string) {
	e.tag(field, wireBytes)
	e.bytes = binary.AppendUvarint(e.bytes, uint64(len(text)))
	e.bytes = append(e.bytes, text...)
}

func (e *encoder) number(field int, number int64) {
	e.tag(field, wireVarint)
	e.bytes = binary.AppendUvarint(e.bytes, uint64(number))
}

func (e *encoder) id(field, what, index, size int) {
	e.tag(field, wireBytes)
	e.bytes = binary.AppendUvarint(e.bytes, uint64(size))
	e.mark(what, index, 0)
	e.bytes = append(e.bytes, make([]byte, size)...)
}

func (e *encoder) protoTime(field int, r record, end bool) {
	delta := r.start
	if end {
		delta += r.duration
	}
	e.tag(field, wireFixed64)
	e.mark(patchTime, 0, delta)
	e.bytes = append(e.bytes, make([]byte, 8)...)
}

func (e *encoder) protoAttributes(field int, attributes []attribute, trace int) {
	for _, a := range attributes {
		e.message(field, func() {
			e.text(1, a.key)
			e.message(2, func() {
				if a.text == "" {
					e.number(3, a.number)
					return
				}
				e.text(1, a.text)
				e.markDigits(a.text, trace)
			})
		})
	}
}

// protobuf encodes an ExportTraceServiceRequest or an ExportLogsServiceRequest of one resource and one scope.
func protobuf(signal string, resource []attribute, records []record) encoder {
	var e encoder
	e.message(1, func() {
		e.message(1, func() { e.protoAttributes(1, resource, 0) })
		e.message(2, func() {
			e.message(1, func() {
				e.text(1, "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
				e.text(2, "0.72.0")
			})
			for index, r := range records {
				if signal == "traces" {
					e.message(2, func() { e.protoSpan(r, index) })
				} else {
					e.message(2, func() { e.protoLog(r, index) })
				}
			}
		})
	})
	return e
}

func (e *encoder) protoSpan(r record, index int) {
	e.id(1, patchTrace, r.trace, 16)
	e.id(2, patchSpan, index, 8)
	if r.parent >= 0 {
		e.id(4, patchSpan, r.parent, 8)
	}
	e.text(5, r.name)
	e.number(6, int64(r.kind))
	e.protoTime(7, r, false)
	e.protoTime(8, r, true)
	e.protoAttributes(9, r.attributes, r.trace)
	e.message(15, func() {
		if r.failed {
			e.text(2, "503 Service Unavailable")
			e.number(3, 2)
		}
	})
	e.tag(16, wireFixed32) // flags: sampled
	e.bytes = binary.LittleEndian.AppendUint32(e.bytes, 1)
}

func (e *encoder) protoLog(r record, index int) {
	e.protoTime(1, r, false)
	e.number(2, int64(r.severity))
	e.text(3, severityText(r.severity))
	e.message(5, func() { e.text(1, r.body) })
	e.protoAttributes(6, r.attributes, r.trace)
	e.tag(8, wireFixed32)
	e.bytes = binary.LittleEndian.AppendUint32(e.bytes, 1)
	e.id(9, patchTrace, r.trace, 16)
	e.id(10, patchSpan, index, 8)
	e.protoTime(11, r, false)
}

func severityText(severity int) string {
	switch severity {
	case 9:
		return "INFO"
	case 17:
		return "ERROR"
	default:
		return strconv.Itoa(severity)
	}
}
