// Package slo holds the service level objectives of routes and renders them as slo.json,
// from which rules and dashboards are made.
package slo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// Objective is what a route promises. Ratios are between 0 and 1, both excluded.
type Objective struct {
	Availability float64       // share of requests that do not fail (no 5xx)
	Latency      float64       // share of requests answered within Threshold
	Threshold    time.Duration // also becomes a bucket of the latency histogram
	none         bool
}

// None is for a route that promises nothing, said on purpose.
var None = Objective{none: true}

// Service is what all objectives of a service share.
type Service struct {
	Name    string
	Owner   string // who is paged
	Runbook string // what they open first
	Window  string // days, such as "30d"
}

// Route is one line of the route table: a ServeMux pattern with its objective.
type Route struct {
	Pattern   string // "METHOD /path/{parameter}"
	Objective Objective
}

// Document is slo.json.
type Document struct {
	Schema  string `json:"schema"`
	Service string `json:"service"`
	Owner   string `json:"owner"`
	Runbook string `json:"runbook"`
	SLOs    []SLO  `json:"slos"`
}

// SLO is one objective of one route.
type SLO struct {
	ID               string  `json:"id"`
	Kind             string  `json:"kind"` // "availability" or "latency"
	Method           string  `json:"method"`
	Route            string  `json:"route"`
	Objective        float64 `json:"objective"`
	ThresholdSeconds float64 `json:"thresholdSeconds,omitempty"`
	Window           string  `json:"window"`
}

// NewDocument makes the document; its error names every route whose pattern or objective is impossible.
func NewDocument(service Service, routes []Route) (Document, error) {
	doc := Document{Schema: "go-sre.slo/v1", Service: service.Name, Owner: service.Owner, Runbook: service.Runbook}
	var problems []error
	ids := make(map[string]string)
	for _, route := range routes {
		problem := route.checkPattern()
		if problem == "" {
			problem = route.Objective.check()
		}
		if problem != "" {
			problems = append(problems, fmt.Errorf("route %q: %s", route.Pattern, problem))
			continue
		}
		for _, slo := range route.slos(service.Window) {
			if other, taken := ids[slo.ID]; taken {
				problems = append(problems, fmt.Errorf("routes %q and %q have the same id %s", other, route.Pattern, slo.ID))
			}
			ids[slo.ID] = route.Pattern
			doc.SLOs = append(doc.SLOs, slo)
		}
	}
	return doc, errors.Join(problems...)
}

// Write renders the document with one objective a line, so that a change is a one-line diff.
func (d Document) Write(w io.Writer) error {
	lines := make([]string, len(d.SLOs))
	for i, slo := range d.SLOs {
		line, err := json.Marshal(slo)
		if err != nil {
			return err
		}
		lines[i] = "    " + string(line)
	}
	d.SLOs = []SLO{}
	head, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	text := strings.TrimSuffix(string(head), "[]\n}")
	_, err = fmt.Fprintf(w, "%s[\n%s\n  ]\n}\n", text, strings.Join(lines, ",\n"))
	return err
}

// maxPatternLength keeps ids, which are made from patterns, within the 200 characters that slo.json allows.
const maxPatternLength = 180

var pattern = regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE|CONNECT|OPTIONS|TRACE) /[!-~]*$`)

// checkPattern wants more than ServeMux does: rules need the method and the path, and no host.
func (r Route) checkPattern() string {
	switch {
	case !pattern.MatchString(r.Pattern):
		return "the pattern must be a method of HTTP, one space and a path, such as GET /orders/{id}"
	case len(r.Pattern) > maxPatternLength:
		return fmt.Sprintf("the pattern has %d characters, at most %d are allowed", len(r.Pattern), maxPatternLength)
	}
	return ""
}

func (o Objective) check() string {
	ratio := func(v float64) bool { return v > 0 && v < 1 }
	switch {
	case o.none:
		return ""
	case o == Objective{}:
		return "no objective: write one down, or slo.None"
	case o.Availability != 0 && !ratio(o.Availability), o.Latency != 0 && !ratio(o.Latency):
		return "an objective is a ratio between 0 and 1, such as 0.999"
	case (o.Latency != 0) != (o.Threshold > 0):
		return "Latency and Threshold go together"
	}
	return ""
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

func (r Route) slos(window string) []SLO {
	method, path, _ := strings.Cut(r.Pattern, " ")
	id := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(r.Pattern), "-"), "-")
	var slos []SLO
	if r.Objective.Availability != 0 {
		slos = append(slos, SLO{ID: id + "-availability", Kind: "availability", Method: method, Route: path,
			Objective: r.Objective.Availability, Window: window})
	}
	if r.Objective.Latency != 0 {
		slos = append(slos, SLO{ID: id + "-latency", Kind: "latency", Method: method, Route: path,
			Objective: r.Objective.Latency, ThresholdSeconds: r.Objective.Threshold.Seconds(), Window: window})
	}
	return slos
}
