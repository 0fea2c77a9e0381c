package slo

import (
	"strings"
	"testing"
	"time"
)

var service = Service{Name: "shop", Owner: "team", Runbook: "https://example.com", Window: "30d"}

func TestADocumentHoldsOneLineForEachObjective(t *testing.T) {
	doc, err := NewDocument(service, []Route{
		{"GET /api/v2/status", Objective{Availability: 0.999, Latency: 0.99, Threshold: 300 * time.Millisecond}},
		{"GET /internal", None},
	})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := doc.Write(&text); err != nil {
		t.Fatal(err)
	}
	want := `{
  "schema": "go-sre.slo/v1",
  "service": "shop",
  "owner": "team",
  "runbook": "https://example.com",
  "slos": [
    {"id":"get-api-v2-status-availability","kind":"availability","method":"GET","route":"/api/v2/status","objective":0.999,"window":"30d"},
    {"id":"get-api-v2-status-latency","kind":"latency","method":"GET","route":"/api/v2/status","objective":0.99,"thresholdSeconds":0.3,"window":"30d"}
  ]
}
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}

func TestPatternsThatRulesCannotUseAreNamed(t *testing.T) {
	for _, pattern := range []string{"/orders", "GET", "get /orders", "GET example.com/orders", "GET  /orders", "FETCH /orders",
		"GET /or ders", "GET /bestellungen/ä", "GET /" + strings.Repeat("a", 180)} {
		_, err := NewDocument(service, []Route{{pattern, None}})
		if err == nil || !strings.Contains(err.Error(), "the pattern") {
			t.Errorf("%q: error %v; want one about the pattern", pattern, err)
		}
	}
	doc, err := NewDocument(service, []Route{{"DELETE /" + strings.Repeat("a", 172), Objective{Availability: 0.9}}})
	if err != nil || len(doc.SLOs[0].ID) > 200 {
		t.Errorf("the longest pattern: error %v, document %+v", err, doc)
	}
}

func TestImpossibleObjectivesAreNamed(t *testing.T) {
	for want, routes := range map[string][]Route{
		`route "GET /a": no objective`:        {{"GET /a", Objective{}}},
		`a ratio between 0 and 1`:             {{"GET /a", Objective{Availability: 99.9}}},
		`Latency and Threshold go together`:   {{"GET /a", Objective{Latency: 0.99}}},
		`have the same id get-a-availability`: {{"GET /a", Objective{Availability: 0.9}}, {"GET /{a}", Objective{Availability: 0.9}}},
	} {
		if _, err := NewDocument(service, routes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v; want %q in it", routes, err, want)
		}
	}
}
