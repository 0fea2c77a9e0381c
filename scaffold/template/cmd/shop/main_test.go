package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const deadline = 20 * time.Second

// lines hands each written line to whoever waits for it.
type lines chan map[string]any

func (l lines) Write(p []byte) (int, error) {
	var line map[string]any
	if err := json.Unmarshal(p, &line); err != nil {
		return 0, err
	}
	l <- line
	return len(p), nil
}

// next is the next line with this message.
func (l lines) next(t *testing.T, message string) map[string]any {
	t.Helper()
	for timeout := time.After(deadline); ; {
		select {
		case line := <-l:
			if line["msg"] == message {
				return line
			}
		case <-timeout:
			t.Fatalf("no log line %q", message)
		}
	}
}

func TestAServedRequestIsFoundInLogsMetricsAndTraces(t *testing.T) {
	exported := make(chan []byte, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" {
			exported <- body
		}
	}))
	defer collector.Close()
	logFile := filepath.Join(t.TempDir(), "shop.log")
	for name, value := range map[string]string{
		"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "127.0.0.1:0", "LOG_FILE": logFile,
		"OTEL_TRACES_SAMPLER": "always_on", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_SERVICE_NAME": "renamed",
	} {
		t.Setenv(name, value)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, ended := make(lines, 100), make(chan error, 1)
	go func() { ended <- run(ctx, nil, os.Getenv, stdout) }()
	listening := stdout.next(t, "listening")
	public, admin := "http://"+listening["addr"].(string), listening["admin_addr"].(string)

	if answer := get(t, public+"/orders/1"); !strings.Contains(answer, "no such order") {
		t.Errorf("answered %s", answer)
	}
	line := stdout.next(t, "request")
	traceID, _ := line["trace_id"].(string)
	if line["route"] != "/orders/{id}" || len(traceID) != 32 {
		t.Errorf("access line %v", line)
	}
	metrics := get(t, "http://"+admin+"/metrics")
	for _, want := range []string{`trace_id="` + traceID + `"`, `service_build_info{`, `target_info{`, `service_name="renamed"`, "go_goroutines"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	t.Setenv("ADMIN_ADDR", admin)
	if err := run(t.Context(), []string{"health"}, os.Getenv, io.Discard); err != nil {
		t.Errorf("health: %v", err)
	}

	stop() // what SIGTERM does
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("shutdown: %v", err)
		}
	case <-time.After(deadline):
		t.Fatal("still running")
	}
	rawID, _ := hex.DecodeString(traceID)
	select {
	case body := <-exported:
		for _, want := range [][]byte{rawID, []byte("renamed"), []byte("GET /orders/{id}"), []byte("ot=th:0")} {
			if !bytes.Contains(body, want) {
				t.Errorf("the exported spans lack %q", want)
			}
		}
	default:
		t.Error("the shutdown lost the spans that were queued")
	}
	if written, err := os.ReadFile(logFile); err != nil || !strings.Contains(string(written), traceID) {
		t.Errorf("LOG_FILE (%v) lacks the trace id:\n%s", err, written)
	}
	if err := run(t.Context(), []string{"health"}, os.Getenv, io.Discard); err == nil {
		t.Error("health is good after the end")
	}
}

// get asks for OpenMetrics where there is a choice: exemplars exist in no other format.
func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAllWrongVariablesAreListed(t *testing.T) {
	env := map[string]string{"LOG_LEVEL": "loud", "DRAIN_DELAY": "soon"}
	//go-sre:begin http-client
	env["SHIPPING_URL"], env["SHIPPING_TIMEOUT"] = "localhost", "0s"
	//go-sre:end
	err := run(t.Context(), nil, func(name string) string { return env[name] }, io.Discard)
	for name := range env {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
}

func TestATakenPortIsToldWithTheVariableThatMovesIt(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	env := map[string]string{"ADDR": taken.Listener.Addr().String(), "ADMIN_ADDR": "127.0.0.1:0", "OTEL_SDK_DISABLED": "true"}
	err := run(t.Context(), nil, func(name string) string { return env[name] }, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "in use (ADDR") {
		t.Errorf("error %v", err)
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	if err := run(t.Context(), []string{"serve"}, func(string) string { return "" }, io.Discard); err == nil {
		t.Error("accepted")
	}
}
