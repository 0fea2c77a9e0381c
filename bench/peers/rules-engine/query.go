package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

type queryRequest struct {
	Expr string `json:"expr"`
	AtMs int64  `json:"atMs"`
}

// query answers the one value of an expression as text, since JSON has no NaN; null where it has none.
func (b *bench) query(asked queryRequest) (*string, error) {
	query, err := b.engine.NewInstantQuery(context.Background(), b.db, nil, asked.Expr, time.UnixMilli(asked.AtMs))
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return nil, result.Err
	}
	vector, err := vectorOf(result)
	if err != nil || len(vector) == 0 {
		return nil, err
	}
	if len(vector) > 1 {
		return nil, fmt.Errorf("%s has %d values, one is expected", asked.Expr, len(vector))
	}
	text := strconv.FormatFloat(vector[0].F, 'g', -1, 64)
	return &text, nil
}

type nansRequest struct {
	// Regular expression of the names of series.
	Names string `json:"names"`
}

type nansAnswer struct {
	Samples int `json:"samples"`
	NaNs    int `json:"nans"`
}

// nans counts the samples of series in the database, and those that are not a number; markers of an end are neither.
func (b *bench) nans(asked nansRequest) (nansAnswer, error) {
	matcher, err := labels.NewMatcher(labels.MatchRegexp, labels.MetricName, asked.Names)
	if err != nil {
		return nansAnswer{}, err
	}
	querier, err := b.db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nansAnswer{}, err
	}
	defer querier.Close()
	var found nansAnswer
	set := querier.Select(context.Background(), false, nil, matcher)
	for set.Next() {
		samples := set.At().Iterator(nil)
		for samples.Next() != 0 {
			_, v := samples.At()
			switch {
			case isEnd(v):
				continue
			case math.IsNaN(v):
				found.NaNs++
			}
			found.Samples++
		}
	}
	return found, set.Err()
}
