package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// loadRules reads a rule file and answers how many rules it has.
func (b *bench) loadRules(file string) (int, error) {
	manager := rules.NewManager(&rules.ManagerOptions{
		ExternalURL:            &url.URL{},
		QueryFunc:              b.evaluate,
		NotifyFunc:             func(context.Context, string, ...*rules.Alert) {},
		Context:                context.Background(),
		AppendableV2:           b.db,
		Queryable:              b.db,
		Logger:                 promslog.NewNopLogger(),
		DefaultRuleQueryOffset: func() time.Duration { return 0 },
		Parser:                 b.parser,
	})
	read, failures := rulefmt.ParseFile(file, false, model.UTF8Validation, b.parser, promslog.NewNopLogger())
	if failures != nil {
		return 0, errors.Join(failures...)
	}
	// The global evaluation interval, for groups that have none of their own.
	groups, failures := manager.LoadGroups(30*time.Second, labels.EmptyLabels(), "", nil, false, file)
	if failures != nil {
		return 0, errors.Join(failures...)
	}
	count := 0
	for _, group := range read.Groups {
		b.groups = append(b.groups, groups[rules.GroupKey(file, group.Name)])
		count += len(group.Rules)
	}
	return count, nil
}

// evaluate is what the groups ask with: Prometheus's own, and the samples are added to the cost of the rule that asks.
func (b *bench) evaluate(ctx context.Context, text string, at time.Time) (promql.Vector, error) {
	query, err := b.engine.NewInstantQuery(ctx, b.db, nil, text, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		return nil, result.Err
	}
	b.cost[nameOf(rules.FromOriginContext(ctx))] += query.Stats().Samples.TotalSamples
	return vectorOf(result)
}

func vectorOf(result *promql.Result) (promql.Vector, error) {
	switch value := result.Value.(type) {
	case promql.Vector:
		return value, nil
	case promql.Scalar:
		return promql.Vector{{T: value.T, F: value.V}}, nil
	}
	return nil, errors.New("the result is no vector and no scalar")
}

// nameOf tells rules of one name apart by the labels that ours and Sloth's differ in.
func nameOf(rule rules.RuleDetail) string {
	for _, name := range []string{"burnrate_tier", "sloth_severity", "severity", "window"} {
		if value := rule.Labels.Get(name); value != "" {
			return rule.Name + " " + value
		}
	}
	return rule.Name
}
