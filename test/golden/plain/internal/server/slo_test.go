package server

import (
	"os"
	"strings"
	"testing"
)

const sloFile = "../../slo.json"

func TestSLOFileSaysWhatTheRouteTableSays(t *testing.T) {
	document, err := SLO()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if err := document.Write(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(sloFile)
	if err != nil || string(got) != want.String() {
		t.Errorf("slo.json is stale (%v). Refresh it: go run ./cmd/order-api slo > slo.json", err)
	}
}
