package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// templatesPerConnection differ in routes, statuses and sizes; each is sent again and again with other ids.
const templatesPerConnection = 16

// prepared holds the bodies of each connection: templates, or compressed ones of which each is sent once.
type prepared struct {
	templates  [][]body
	compressed [][][]byte
}

func randomOf(s settings, connection int) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, uint64(connection)))
}

func template(s settings, random *rand.Rand, service int) body {
	make := spans
	if s.signal == "logs" {
		make = logRecords
	}
	records, traces := make(random, s.records)
	encode := protobuf
	if s.format == "json" {
		encode = otlpJSON
	}
	encoded := encode(s.signal, resourceOf(service), records)
	return body{encoded.bytes, encoded.patches, s.format == "json", traces, len(records)}
}

// share tells how many of the requests a connection sends.
func share(s settings, connection int) int {
	count := s.requests / s.connections
	if connection < s.requests%s.connections {
		count++
	}
	return count
}

func prepare(s settings) (prepared, error) {
	p := prepared{make([][]body, s.connections), make([][][]byte, s.connections)}
	var group sync.WaitGroup
	for c := range s.connections {
		group.Go(func() {
			random := randomOf(s, c)
			for n := range templatesPerConnection {
				p.templates[c] = append(p.templates[c], template(s, random, (c+n)%s.services))
			}
			if !s.gzip {
				return
			}
			for n := range share(s, c) {
				b := p.templates[c][n%templatesPerConnection]
				b.renew(random, time.Now())
				p.compressed[c] = append(p.compressed[c], compress(b.bytes))
			}
		})
	}
	group.Wait()
	return p, nil
}

type collected []byte

func (c *collected) Write(more []byte) (int, error) {
	*c = append(*c, more...)
	return len(more), nil
}

func compress(plain []byte) []byte {
	var out collected
	writer := gzip.NewWriter(&out)
	writer.Write(plain) // a collected never fails
	writer.Close()
	return slices.Clip(out)
}

// result is what the program prints.
type result struct {
	Requests       int            `json:"requests"`
	Records        int            `json:"records"` // of the requests that were answered 200
	Bytes          int64          `json:"bytes"`   // of all bodies, as sent
	Seconds        float64        `json:"seconds"`
	RecordsASecond float64        `json:"recordsASecond"`
	P50Ms          float64        `json:"p50Ms"`
	P99Ms          float64        `json:"p99Ms"`
	WorstMs        float64        `json:"worstMs"`
	ByStatus       map[string]int `json:"byStatus"`
	// Some of the traces that were sent and acknowledged, as hexadecimal ids.
	TraceIDs []string `json:"traceIds"`
}

// sent is what one connection saw.
type sent struct {
	took     []time.Duration
	statuses map[int]int
	bytes    int64
	traceIDs []string
}

const traceIDsPerConnection = 64

func closedLoop(ctx context.Context, s settings, p prepared) (result, error) {
	all := make([]sent, s.connections)
	var group sync.WaitGroup
	var failure atomic.Pointer[error]
	start := time.Now()
	for c := range s.connections {
		group.Go(func() {
			if err := all[c].send(ctx, s, p, c, start); err != nil {
				failure.CompareAndSwap(nil, &err)
			}
		})
	}
	group.Wait()
	seconds := time.Since(start).Seconds()
	if err := failure.Load(); err != nil {
		return result{}, *err
	}
	return summary(s, all, seconds), ctx.Err()
}

func summary(s settings, all []sent, seconds float64) result {
	r := result{Seconds: seconds, ByStatus: make(map[string]int), TraceIDs: []string{}}
	var took []time.Duration
	for _, one := range all {
		took = append(took, one.took...)
		r.Bytes += one.bytes
		r.TraceIDs = append(r.TraceIDs, one.traceIDs...)
		for status, count := range one.statuses {
			r.ByStatus[strconv.Itoa(status)] += count
		}
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Nanoseconds()) / 1e6
	}
	r.Requests = len(took)
	r.Records = r.ByStatus["200"] * s.records
	r.RecordsASecond = float64(r.Records) / seconds
	r.P50Ms, r.P99Ms, r.WorstMs = at(0.5), at(0.99), at(1)
	return r
}

// send sends the requests of one connection, each when the one before is answered and its time has come.
func (o *sent) send(ctx context.Context, s settings, p prepared, connection int, start time.Time) error {
	o.statuses = make(map[int]int)
	random := randomOf(s, s.connections+connection)
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	head := headOf(s)
	var message []byte
	for n := range share(s, connection) {
		if err := waitTurn(ctx, s, start, n*s.connections+connection); err != nil {
			return err
		}
		payload, traceID := next(p, connection, n, random)
		message = append(message[:0], head...)
		message = strconv.AppendInt(message, int64(len(payload)), 10)
		message = append(message, "\r\n\r\n"...)
		began := time.Now()
		buffers := net.Buffers{message, payload}
		if _, err := buffers.WriteTo(conn); err != nil {
			return fmt.Errorf("request %d: %w", n, err)
		}
		status, err := readAnswer(answers)
		if err != nil {
			return fmt.Errorf("answer of request %d: %w", n, err)
		}
		o.took = append(o.took, time.Since(began))
		o.statuses[status]++
		o.bytes += int64(len(payload))
		if status == http.StatusOK && traceID != "" && len(o.traceIDs) < traceIDsPerConnection {
			o.traceIDs = append(o.traceIDs, traceID)
		}
	}
	return nil
}

// next gives the bytes of the connection's request n, and one of its trace ids where the bytes are not compressed.
func next(p prepared, connection, n int, random *rand.Rand) ([]byte, string) {
	if bodies := p.compressed[connection]; len(bodies) > 0 {
		return bodies[n], ""
	}
	b := &p.templates[connection][n%templatesPerConnection]
	b.renew(random, time.Now())
	for _, place := range b.patches {
		if place.what != patchTrace {
			continue
		}
		if b.json {
			return b.bytes, string(b.bytes[place.offset : place.offset+32])
		}
		return b.bytes, hex.EncodeToString(b.bytes[place.offset : place.offset+16])
	}
	return b.bytes, ""
}

// waitTurn waits until request n of all is due at the wanted rate.
func waitTurn(ctx context.Context, s settings, start time.Time, n int) error {
	if s.rate > 0 {
		due := start.Add(time.Duration(float64(n) * float64(s.records) / float64(s.rate) * float64(time.Second)))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func headOf(s settings) string {
	contentType := map[string]string{"protobuf": "application/x-protobuf", "json": "application/json"}[s.format]
	head := "POST /v1/" + s.signal + " HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Type: " + contentType + "\r\n"
	if s.gzip {
		head += "Content-Encoding: gzip\r\n"
	}
	return head + "Content-Length: "
}

func readAnswer(answers *bufio.Reader) (int, error) {
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
