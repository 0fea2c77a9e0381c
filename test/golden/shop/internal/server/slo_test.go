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
	const refresh = "go run -tags grpcnotrace ./cmd/shop slo > slo.json"
	got, err := os.ReadFile(sloFile)
	if err != nil {
		t.Fatalf("%v. Write it: %s", err, refresh)
	}
	if string(got) != want.String() {
		t.Errorf("slo.json does not say what routes.go says. Refresh it: %s", refresh)
	}
}
