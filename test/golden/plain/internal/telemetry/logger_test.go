package telemetry

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestNoSecretReachesTheLog(t *testing.T) {
	const secret = "hunter2"
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	log := b.tel.Log.Logger
	type account struct {
		User, Password string
		Tokens         map[string]string
	}
	log.Info("Bearer " + secret)
	log.Info("a field", zap.String("api_key", secret))
	log.With(zap.String("dsn", secret)).Named("later").Info("a field of all lines")
	log.Info("an object", zap.Reflect("account", account{"ada", secret, map[string]string{"refresh_token": secret}}))
	log.Info("headers", zap.Any("headers", http.Header{"Cookie": {"id=" + secret}, "Authorization": {"Basic " + secret}}))
	log.Info("a namespace", zap.Namespace("db"), zap.ByteString("password", []byte(secret)), zap.Int("pool", 3))
	log.Info("an error", zap.Error(errors.New("dial postgres://order-api:"+secret+"@db/order-api: refused")))
	b.get(b.Route("GET /orders/{id}", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("token=" + secret) })))

	if strings.Contains(b.logs.String(), secret) {
		t.Errorf("the log holds the secret:\n%s", b.logs.String())
	}
	lines := b.lines(t) // which are all JSON
	if len(lines) != 9 || lines[5]["db"].(map[string]any)["pool"] != 3.0 || !strings.Contains(lines[6]["error"].(string), "@db/order-api: refused") {
		t.Errorf("log lines %v", lines)
	}
}

func TestTheLogLevelChangesAtRunTime(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLogger(&out, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, body string) *httptest.ResponseRecorder {
		response := httptest.NewRecorder()
		log.ServeLevel(response, httptest.NewRequest(method, "/loglevel", strings.NewReader(body)))
		return response
	}
	for _, step := range []struct {
		method, body string
		status       int
		answer       string
		logged       string
	}{
		{"GET", "", 200, `{"level":"info"}`, ""},
		{"PUT", `{"level":"error"}`, 200, `{"level":"error"}`, `"msg":"log level changed","from":"info","to":"error"`},
		{"PUT", `{"level":"error"}`, 200, `{"level":"error"}`, ""},
		{"PUT", `{"level":"loud"}`, 400, "loud", ""},
		{"GET", "", 200, `{"level":"error"}`, ""},
		{"PUT", `{"level":"debug"}`, 200, `{"level":"debug"}`, `"from":"error","to":"debug"`},
	} {
		out.Reset()
		response := ask(step.method, step.body)
		if response.Code != step.status || !strings.Contains(response.Body.String(), step.answer) {
			t.Errorf("%s %s: %d %s", step.method, step.body, response.Code, response.Body)
		}
		if logged := out.String(); (step.logged == "") != (logged == "") || !strings.Contains(logged, step.logged) {
			t.Errorf("%s %s: logged %q", step.method, step.body, logged)
		}
	}
	out.Reset()
	log.Debug("details")
	if !strings.Contains(out.String(), "details") {
		t.Error("the level was answered and not changed")
	}
}
