// Prometheus's storage, query engine and rule groups without its clock: a database that is filled from a file, in which rules
// are evaluated at the times that are asked for. Reads one line of JSON at a time, {"load":{…}} or {"history":{…}} or
// {"cycles":{…}} or {"query":{…}} or {"nans":{…}}, and answers one line. Times are Unix milliseconds.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// request has one field that is set.
type request struct {
	Load    *loadRequest    `json:"load"`
	History *historyRequest `json:"history"`
	Cycles  *cyclesRequest  `json:"cycles"`
	Query   *queryRequest   `json:"query"`
	NaNs    *nansRequest    `json:"nans"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rules-engine:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) (err error) {
	if len(os.Args) != 2 {
		return errors.New("one argument is expected: an empty folder for the database")
	}
	bench, err := open(os.Args[1])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bench.db.Close()) }()
	encoder := json.NewEncoder(out)
	if err := encoder.Encode("ready"); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answer, err := bench.answer(lines.Bytes())
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (b *bench) answer(line []byte) (any, error) {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	switch {
	case asked.Load != nil:
		return b.load(*asked.Load)
	case asked.History != nil:
		return b.history(*asked.History)
	case asked.Cycles != nil:
		return b.cycles(*asked.Cycles)
	case asked.Query != nil:
		return b.query(*asked.Query)
	case asked.NaNs != nil:
		return b.nans(*asked.NaNs)
	}
	return nil, fmt.Errorf("nothing is asked: %s", line)
}
