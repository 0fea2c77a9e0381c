package main

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// patch is a place in a body that is written anew before it is sent.
type patch struct {
	offset int
	what   int
	// index of the trace or of the span
	index int
	// of a time, from the moment the request is sent
	delta time.Duration
}

const (
	patchTrace = iota
	patchSpan
	patchTime
	patchDigits
)

// body is one request, and where it is written anew.
type body struct {
	bytes   []byte
	patches []patch
	json    bool
	traces  int
	spans   int
}

// encoder collects the bytes of a body and the places to patch.
type encoder struct {
	bytes   []byte
	patches []patch
}

func (e *encoder) mark(what, index int, delta time.Duration) {
	e.patches = append(e.patches, patch{len(e.bytes), what, index, delta})
}

// markDigits marks the six digits in the text that was appended last.
func (e *encoder) markDigits(text string, index int) {
	if at := strings.Index(text, digits); at >= 0 {
		e.patches = append(e.patches, patch{len(e.bytes) - len(text) + at, patchDigits, index, 0})
	}
}

// renew writes fresh ids, times and numbers into the body.
func (b *body) renew(random *rand.Rand, now time.Time) {
	traceIDs, spanIDs := randomBytes(random, 16*b.traces), randomBytes(random, 8*b.spans)
	for _, p := range b.patches {
		at := b.bytes[p.offset:]
		switch p.what {
		case patchTrace:
			b.writeID(at, traceIDs[16*p.index:16*p.index+16])
		case patchSpan:
			b.writeID(at, spanIDs[8*p.index:8*p.index+8])
		case patchTime:
			b.writeTime(at, uint64(now.Add(p.delta).UnixNano()))
		case patchDigits:
			// Of a trace's spans all have the same number, as they speak of the same order.
			number := binary.LittleEndian.Uint32(traceIDs[16*p.index:]) % 1_000_000
			for place := len(digits) - 1; place >= 0; place-- {
				at[place] = byte('0' + number%10)
				number /= 10
			}
		}
	}
}

func (b *body) writeID(at, id []byte) {
	if b.json {
		hex.Encode(at, id)
	} else {
		copy(at, id)
	}
}

func (b *body) writeTime(at []byte, nanos uint64) {
	if b.json {
		strconv.AppendUint(at[:0], nanos, 10)
	} else {
		binary.LittleEndian.PutUint64(at, nanos)
	}
}

func randomBytes(random *rand.Rand, count int) []byte {
	bytes := make([]byte, count)
	for at := 0; at < count; at += 8 {
		binary.LittleEndian.PutUint64(bytes[at:], random.Uint64())
	}
	return bytes
}
