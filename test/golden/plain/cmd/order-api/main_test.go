package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
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
	logFile := filepath.Join(t.TempDir(), "order-api.log")
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
	env := map[string]string{
		"LOG_LEVEL": "loud", "DRAIN_DELAY": "soon", "ADDR": "9000", "ADMIN_ADDR": "localhost:many",
		"ACCESS_LOG": "some", "NATIVE_HISTOGRAMS": "yes", "TRACE_SAMPLING": "GET /orders/{id}=often",
		"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "5%", "OTEL_TRACES_EXPORTER": "zipkin",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s", "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd",
		"OTEL_BSP_MAX_QUEUE_SIZE": "many", "OTEL_BSP_SCHEDULE_DELAY": "-1", "OTEL_RESOURCE_ATTRIBUTES": "a=%zz", "OTEL_SDK_DISABLED": "1",
		"OTEL_PROPAGATORS": "tracecontext,b3", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere.pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "main.go",
		"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE": "main.go", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/nowhere.pem",
	}
	err := run(t.Context(), nil, func(name string) string { return env[name] }, io.Discard)
	for name := range env {
		if name != "OTEL_TRACES_SAMPLER" && (err == nil || !strings.Contains(err.Error(), name)) {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells a password: %v", err)
	}
}

func TestUsualVariablesAreAccepted(t *testing.T) {
	for name, value := range map[string]string{
		"ADDR": "[::1]:http", "ACCESS_LOG": "sampled", "NATIVE_HISTOGRAMS": "true", "TRACE_SAMPLING": "GET /orders/{id}=0.5+failed",
		"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:4318/otlp",
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20YTpi,x=y", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
		"OTEL_BSP_MAX_QUEUE_SIZE": "4096", "OTEL_SDK_DISABLED": "True",
		"OTEL_PROPAGATORS": "tracecontext, baggage",
	} {
		if _, err := parseConfig(func(asked string) string { return map[string]string{name: value}[asked] }); err != nil {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func TestHealthAsksWhateverElseIsWrong(t *testing.T) {
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer admin.Close()
	env := map[string]string{"ADMIN_ADDR": admin.Listener.Addr().String(), "LOG_LEVEL": "loud", "OTEL_TRACES_SAMPLER": "sometimes"}
	if err := run(t.Context(), []string{"health"}, func(name string) string { return env[name] }, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestADrainEndsEarlyAtASecondSignalAndAnswersWhatIsUnderWay(t *testing.T) {
	env := map[string]string{"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "127.0.0.1:0", "DRAIN_DELAY": "1h", "OTEL_SDK_DISABLED": "true"}
	ctx, firstSignal := context.WithCancel(t.Context())
	defer firstSignal()
	stdout, ended := make(lines, 100), make(chan error, 1)
	go func() { ended <- run(ctx, nil, func(name string) string { return env[name] }, stdout) }()
	listening := stdout.next(t, "listening")
	public, admin := listening["addr"].(string), "http://"+listening["admin_addr"].(string)

	body, client := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		response, err := http.Post("http://"+public+"/orders", "application/json", body)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		answered <- response.Status
	}()
	_, _ = io.WriteString(client, `{"item":"tea",`) // returns when the request is being sent
	for !strings.Contains(get(t, admin+"/metrics"), `http_server_active_requests{http_route="/orders"} 1`) {
		runtime.Gosched()
	}

	firstSignal()
	stdout.next(t, "shutting down")
	if ready, live := get(t, admin+"/readyz"), get(t, admin+"/livez"); !strings.Contains(ready, "not ready") || !strings.Contains(live, "ok") {
		t.Errorf("while draining: /readyz %s, /livez %s", ready, live)
	}
	if answer := get(t, "http://"+public+"/orders/1"); !strings.Contains(answer, "no such order") {
		t.Errorf("while draining: %s", answer)
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGTERM)
	}
	if err != nil {
		t.Fatal(err)
	}
	for { // until the service listens no more
		conn, err := net.Dial("tcp", public)
		if err != nil {
			break
		}
		conn.Close()
	}
	_, _ = io.WriteString(client, `"quantity":1}`)
	_ = client.Close()
	if got := <-answered; got != "201 Created" {
		t.Errorf("the request under way was answered %s", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(deadline):
		t.Fatal("still running")
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
