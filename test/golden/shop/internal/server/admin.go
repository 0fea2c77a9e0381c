package server

import (
	"net/http"
	"net/http/pprof"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"example.com/shop/internal/telemetry"
)

// NewAdmin returns the handler of the admin port, which must never face the public.
// The service is ready while ready is true; whether a dependency answers is no part of it,
// or one slow cache would take every instance out of service at once.
func NewAdmin(tel *telemetry.Telemetry, ready *atomic.Bool) http.Handler {
	mux := http.NewServeMux()
	live := func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, status{"ok"}) }
	readiness := func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			reply(w, http.StatusServiceUnavailable, status{"not ready"})
			return
		}
		reply(w, http.StatusOK, status{"ok"})
	}
	mux.HandleFunc("GET /livez", live)
	mux.HandleFunc("GET /readyz", readiness)
	mux.HandleFunc("GET /healthz", readiness)
	// Exemplars exist in the OpenMetrics format only.
	mux.Handle("GET /metrics", promhttp.HandlerFor(tel.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true, Registry: tel.Registry}))
	mux.HandleFunc("GET /loglevel", tel.Log.ServeLevel)
	mux.HandleFunc("PUT /loglevel", tel.Log.ServeLevel)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

type status struct {
	Status string `json:"status"`
}
