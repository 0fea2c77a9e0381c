package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"time"
)

// writeLines writes zap's JSON lines of one service, as its log file has them.
func writeLines(s settings) error {
	file, err := os.Create(s.lines)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<20)
	random := randomOf(s, 0)
	records, _ := logRecords(random, min(s.records, 4096))
	now := time.Now()
	for n := range s.records {
		r := records[n%len(records)]
		level := map[bool]string{true: "error", false: "info"}[r.severity == 17]
		at := now.Add(time.Duration(n-s.records) * time.Millisecond)
		method, route, status, bytes, client := r.attributes[0].text, r.attributes[1].text, r.attributes[3].number, r.attributes[4].number, r.attributes[5].text
		_, err := fmt.Fprintf(out,
			`{"level":"%s","ts":"%s","caller":"server/server.go:87","msg":"%s","method":"%s","route":"%s","path":"/orders/%06d","status":%d,"bytes":%d,"client":"%s","duration_ms":%.3f,"trace_id":"%s","span_id":"%s"}`+"\n",
			level, at.UTC().Format("2006-01-02T15:04:05.000000Z"), r.body, method, route, random.IntN(1_000_000), status, bytes, client,
			float64(r.duration.Microseconds())/1000, hex.EncodeToString(randomBytes(random, 16)), hex.EncodeToString(randomBytes(random, 8)))
		if err != nil {
			return err
		}
	}
	return out.Flush()
}
