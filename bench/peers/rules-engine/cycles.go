package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
)

type cyclesRequest struct {
	FromMs int64 `json:"fromMs"`
	// Exclusive.
	ToMs int64 `json:"toMs"`
}

type ruleCost struct {
	Rule string `json:"rule"`
	// Queryable samples, as the engine counts them, of all evaluations.
	Samples int64 `json:"samples"`
}

type cyclesAnswer struct {
	Samples    int64      `json:"samples"`
	CPUSeconds float64    `json:"cpuSeconds"`
	Rules      []ruleCost `json:"rules"`
	// Values that the groups recorded, and by how much the largest of their differences to `history` is, as a share.
	Compared   int     `json:"compared"`
	Difference float64 `json:"difference"`
}

// cycles evaluates the groups, each at the multiples of its interval in [from, to), as Prometheus does; what it costs is
// the CPU time of the process, with the garbage that it left.
func (b *bench) cycles(asked cyclesRequest) (cyclesAnswer, error) {
	b.cost = map[string]int64{}
	runtime.GC()
	start := cpu()
	for at := asked.FromMs; at < asked.ToMs; at += 1000 {
		for _, group := range b.groups {
			if at%group.Interval().Milliseconds() == 0 {
				group.Eval(context.Background(), time.UnixMilli(at))
			}
		}
	}
	runtime.GC()
	found := cyclesAnswer{CPUSeconds: (cpu() - start).Seconds()}
	b.db.ForceHeadMMap()
	seen := map[string]bool{}
	for _, group := range b.groups {
		for _, rule := range group.Rules() {
			if rule.Health() != rules.HealthGood {
				return found, fmt.Errorf("%s: %w", rule.Name(), rule.LastError())
			}
			name := nameOf(rules.NewRuleDetail(rule))
			if !seen[name] {
				seen[name] = true
				found.Samples += b.cost[name]
				found.Rules = append(found.Rules, ruleCost{name, b.cost[name]})
			}
		}
	}
	return found, b.verify(asked, &found)
}

// verify holds what the groups recorded against what `history` would have written for the same time.
func (b *bench) verify(asked cyclesRequest, found *cyclesAnswer) error {
	read := b.readInThePast()
	for _, group := range b.groups {
		for _, rule := range group.Rules() {
			recording, ok := rule.(*rules.RecordingRule)
			if !ok || !read[recording.Name()] {
				continue
			}
			matrix, err := b.overTime(recording, group.Interval(), asked.FromMs, asked.ToMs)
			if err != nil {
				return err
			}
			for _, series := range matrix {
				values, err := b.valuesOf(series.Metric, asked.FromMs, asked.ToMs)
				if err != nil {
					return err
				}
				if len(values) != len(series.Floats) {
					return fmt.Errorf("%s: %d values were recorded, %d were to be", recording.Name(), len(values), len(series.Floats))
				}
				for _, point := range series.Floats {
					found.Difference = max(found.Difference, apart(values[point.T], point.F))
					found.Compared++
				}
			}
		}
	}
	return nil
}

// apart is the difference of two values as a share of the larger one; 1 where one is missing or no number.
func apart(a, b float64) float64 {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return 0
	}
	if math.IsNaN(a) || math.IsNaN(b) {
		return 1
	}
	return math.Abs(a-b) / math.Max(math.Abs(a), math.Abs(b))
}

// valuesOf answers the stored values of one series in [from, to) by time, without markers of an end.
func (b *bench) valuesOf(series labels.Labels, from, to int64) (map[int64]float64, error) {
	querier, err := b.db.Querier(from, to-1)
	if err != nil {
		return nil, err
	}
	defer querier.Close()
	values := map[int64]float64{}
	var matchers []*labels.Matcher
	series.Range(func(label labels.Label) {
		matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, label.Name, label.Value))
	})
	set := querier.Select(context.Background(), false, nil, matchers...)
	for set.Next() {
		if !labels.Equal(set.At().Labels(), series) {
			continue
		}
		samples := set.At().Iterator(nil)
		for samples.Next() != 0 {
			if at, v := samples.At(); !isEnd(v) {
				values[at] = v
			}
		}
	}
	return values, set.Err()
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
