package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestTheAdminPortIsReadyWhileTheServiceIs(t *testing.T) {
	var ready atomic.Bool
	admin := NewAdmin(newTelemetry(t), &ready)
	status := func(path string) int {
		response := httptest.NewRecorder()
		admin.ServeHTTP(response, httptest.NewRequest(http.MethodGet, path, nil))
		return response.Code
	}
	for _, isReady := range []bool{false, true, false} {
		ready.Store(isReady)
		want := map[bool]int{true: 200, false: 503}[isReady]
		if status("/readyz") != want || status("/healthz") != want {
			t.Errorf("ready %v: /readyz %d, /healthz %d; want %d", isReady, status("/readyz"), status("/healthz"), want)
		}
		if status("/livez") != 200 {
			t.Errorf("ready %v: /livez %d", isReady, status("/livez"))
		}
	}
	if status("/metrics") != 200 || status("/debug/pprof/") != 200 {
		t.Errorf("/metrics %d, /debug/pprof/ %d", status("/metrics"), status("/debug/pprof/"))
	}
}

func TestTheAdminPortChangesTheLogLevel(t *testing.T) {
	tel := newTelemetry(t)
	admin := NewAdmin(tel, new(atomic.Bool))
	ask := func(method string, body io.Reader) *httptest.ResponseRecorder {
		response := httptest.NewRecorder()
		admin.ServeHTTP(response, httptest.NewRequest(method, "/loglevel", body))
		return response
	}
	if response := ask(http.MethodPut, strings.NewReader(`{"level":"debug"}`)); response.Code != 200 || tel.Log.Level().String() != "debug" {
		t.Errorf("answered %d %s; the level is %s", response.Code, response.Body, tel.Log.Level())
	}
	if response := ask(http.MethodGet, nil); !strings.Contains(response.Body.String(), `"debug"`) {
		t.Errorf("answered %s", response.Body)
	}
	if response := ask(http.MethodPost, nil); response.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %d", response.Code)
	}
}
