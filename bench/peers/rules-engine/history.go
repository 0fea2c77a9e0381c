package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

type historyRequest struct {
	FromMs int64 `json:"fromMs"`
	// Exclusive.
	ToMs int64 `json:"toMs"`
	// All recording rules; otherwise those whose past other rules read, and what these are made of.
	All bool `json:"all"`
}

type historyAnswer struct {
	Rules   []string `json:"rules"`
	Samples int      `json:"samples"`
}

// history writes what the rules would have recorded in a stretch of time, rule by rule: a range query gives what instant
// queries at its steps give. `cycles` holds it against groups that are evaluated as Prometheus does.
func (b *bench) history(asked historyRequest) (historyAnswer, error) {
	found := historyAnswer{Rules: []string{}}
	read := b.readInThePast()
	for _, group := range b.groups {
		for _, rule := range group.Rules() {
			recording, ok := rule.(*rules.RecordingRule)
			if !ok || !asked.All && !read[recording.Name()] {
				continue
			}
			matrix, err := b.overTime(recording, group.Interval(), asked.FromMs, asked.ToMs)
			if err != nil {
				return found, fmt.Errorf("%s: %w", recording.Name(), err)
			}
			for _, series := range matrix {
				written, err := b.writeRecorded(series, group.Interval())
				if err != nil {
					return found, err
				}
				found.Samples += written
			}
			found.Rules = append(found.Rules, recording.Name())
			b.db.ForceHeadMMap()
		}
	}
	return found, nil
}

// overTime evaluates a rule at the multiples of its interval in [from, to).
func (b *bench) overTime(rule *rules.RecordingRule, interval time.Duration, from, to int64) (promql.Matrix, error) {
	step := interval.Milliseconds()
	first, last := (from+step-1)/step*step, (to-1)/step*step
	if last < first {
		return nil, nil
	}
	query, err := b.engine.NewRangeQuery(context.Background(), b.db, nil, rule.Query().String(),
		time.UnixMilli(first), time.UnixMilli(last), interval)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return nil, result.Err
	}
	matrix, err := result.Matrix()
	if err != nil {
		return nil, err
	}
	return asRecorded(matrix, rule), nil
}

// asRecorded copies the series, since the engine takes its memory back, with the rule's name and labels. Several may become
// one: where a rule gives this or else that, both have the rule's labels, each at its times.
func asRecorded(matrix promql.Matrix, rule *rules.RecordingRule) promql.Matrix {
	at := map[uint64]int{}
	var found promql.Matrix
	for _, series := range matrix {
		metric := recorded(series.Metric, rule)
		i, there := at[metric.Hash()]
		if !there {
			i = len(found)
			at[metric.Hash()] = i
			found = append(found, promql.Series{Metric: metric})
		}
		found[i].Floats = append(found[i].Floats, series.Floats...)
	}
	for _, series := range found {
		slices.SortFunc(series.Floats, func(a, b promql.FPoint) int { return cmp.Compare(a.T, b.T) })
	}
	return found
}

// writeRecorded appends a series and marks its ends as a group does: with the first evaluation that gave it no more.
func (b *bench) writeRecorded(series promql.Series, interval time.Duration) (int, error) {
	step := interval.Milliseconds()
	var points []promql.FPoint
	for i, point := range series.Floats {
		points = append(points, point)
		if i+1 < len(series.Floats) && series.Floats[i+1].T > point.T+step {
			points = append(points, promql.FPoint{T: point.T + step, F: math.Float64frombits(value.StaleNaN)})
		}
	}
	return len(points), b.write(series.Metric, points)
}

func recorded(metric labels.Labels, rule *rules.RecordingRule) labels.Labels {
	builder := labels.NewBuilder(metric).Set(labels.MetricName, rule.Name())
	rule.Labels().Range(func(label labels.Label) { builder.Set(label.Name, label.Value) })
	return builder.Labels()
}

func isEnd(v float64) bool { return value.IsStaleNaN(v) }

// readInThePast answers the names of recorded series that a rule reads over a range, and of those that these are made of.
func (b *bench) readInThePast() map[string]bool {
	past := map[string]bool{}
	for {
		before := len(past)
		for _, group := range b.groups {
			for _, rule := range group.Rules() {
				addNames(rule.Query(), past[rule.Name()], past)
			}
		}
		if len(past) == before {
			return past
		}
	}
}

// addNames adds the names that an expression selects over a range, or all that it selects.
func addNames(expression parser.Expr, all bool, names map[string]bool) {
	parser.Inspect(expression, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		inRange := all
		for _, above := range path {
			switch above.(type) {
			case *parser.MatrixSelector, *parser.SubqueryExpr:
				inRange = true
			}
		}
		if inRange {
			names[selector.Name] = true
		}
		return nil
	})
}
