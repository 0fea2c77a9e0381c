// Prometheus's own parser of OpenMetrics, as its scrape loop calls it for a series it has not seen: labels are built.
// Reads one line of JSON at a time, {"paths":[…],"passes":N}, parses every file N times by turns and answers one line
// with the CPU time of the whole process, garbage collection included.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type question struct {
	Paths  []string `json:"paths"`
	Passes int      `json:"passes"`
}

type answer struct {
	CPUSeconds float64 `json:"cpuSeconds"`
	Bytes      int     `json:"bytes"`
	Samples    int     `json:"samples"`
	Exemplars  int     `json:"exemplars"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "textparse:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	encoder := json.NewEncoder(out)
	if err := encoder.Encode("ready"); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		found, err := measure(asked)
		if err != nil {
			return err
		}
		if err := encoder.Encode(found); err != nil {
			return err
		}
	}
	return lines.Err()
}

func measure(asked question) (answer, error) {
	var bodies [][]byte
	for _, path := range asked.Paths {
		body, err := os.ReadFile(path)
		if err != nil {
			return answer{}, err
		}
		bodies = append(bodies, body)
	}
	var found answer
	// One table for all passes, as the scrape loop has it.
	symbols := labels.NewSymbolTable()
	start := cpu()
	for range asked.Passes {
		for _, body := range bodies {
			if err := parse(body, symbols, &found); err != nil {
				return answer{}, err
			}
		}
	}
	found.CPUSeconds = (cpu() - start).Seconds()
	return found, nil
}

func parse(body []byte, symbols *labels.SymbolTable, found *answer) error {
	parser := textparse.NewOpenMetricsParser(body, symbols)
	var series labels.Labels
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			found.Bytes += len(body)
			return nil
		}
		if err != nil {
			return err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		parser.Series()
		parser.Labels(&series)
		found.Samples++
		var one exemplar.Exemplar
		for parser.Exemplar(&one) {
			found.Exemplars++
			one = exemplar.Exemplar{}
		}
	}
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
