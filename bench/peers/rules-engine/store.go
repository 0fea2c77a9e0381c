package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// bench is one Prometheus with one set of rules.
type bench struct {
	db     *tsdb.DB
	engine *promql.Engine
	parser parser.Parser
	groups []*rules.Group
	// Queryable samples by rule, as nameOf names it, since the last cycles were asked for.
	cost map[string]int64
}

// open makes a database whose head holds everything: blocks on the disk would make long ranges dearer, never cheaper.
func open(folder string) (*bench, error) {
	options := tsdb.DefaultOptions()
	options.WALSegmentSize = -1
	// One appends here what a Prometheus appends in many transactions, and would pay for them with every read.
	options.IsolationDisabled = true
	options.MinBlockDuration = (400 * 24 * time.Hour).Milliseconds()
	options.MaxBlockDuration = options.MinBlockDuration
	options.RetentionDuration = 2 * options.MinBlockDuration
	db, err := tsdb.Open(folder, promslog.NewNopLogger(), nil, options, nil)
	if err != nil {
		return nil, err
	}
	expressions := parser.NewParser(parser.Options{})
	// The limits are wider than Prometheus's own: a whole month is asked for in one range query.
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:               2_000_000_000,
		Timeout:                  time.Hour,
		LookbackDelta:            5 * time.Minute,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		Parser:                   expressions,
	})
	return &bench{db: db, engine: engine, parser: expressions}, nil
}

type loadRequest struct {
	// Samples of each series one after the other, little-endian float64; NaN: not scraped.
	Samples string `json:"samples"`
	Steps   int    `json:"steps"`
	StartMs int64  `json:"startMs"`
	StepMs  int64  `json:"stepMs"`
	Series  []struct {
		Labels map[string]string `json:"labels"`
		// When within a step its target is scraped.
		OffsetMs int64 `json:"offsetMs"`
	} `json:"series"`
	Rules string `json:"rules"`
}

type loaded struct {
	Samples int `json:"samples"`
	Rules   int `json:"rules"`
}

func (b *bench) load(asked loadRequest) (loaded, error) {
	content, err := os.ReadFile(asked.Samples)
	if err != nil {
		return loaded{}, err
	}
	if len(content) != 8*asked.Steps*len(asked.Series) {
		return loaded{}, fmt.Errorf("%s has not %d samples of %d series", asked.Samples, asked.Steps, len(asked.Series))
	}
	var found loaded
	for _, series := range asked.Series {
		column := content[:8*asked.Steps]
		content = content[8*asked.Steps:]
		var points []promql.FPoint
		for step := range asked.Steps {
			value := math.Float64frombits(binary.LittleEndian.Uint64(column[8*step:]))
			if !math.IsNaN(value) {
				points = append(points, promql.FPoint{T: asked.StartMs + int64(step)*asked.StepMs + series.OffsetMs, F: value})
			}
		}
		if err := b.write(labels.FromMap(series.Labels), points); err != nil {
			return loaded{}, err
		}
		found.Samples += len(points)
	}
	b.db.ForceHeadMMap()
	found.Rules, err = b.loadRules(asked.Rules)
	return found, err
}

// write appends the samples of one series, in the order of time.
func (b *bench) write(series labels.Labels, points []promql.FPoint) error {
	app := b.db.AppenderV2(context.Background())
	var ref storage.SeriesRef
	for _, point := range points {
		var err error
		if ref, err = app.Append(ref, series, 0, point.T, point.F, nil, nil, storage.AppendV2Options{}); err != nil {
			return fmt.Errorf("%s: %w", series, err)
		}
	}
	return app.Commit()
}
