package server

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// faults are the defects of this service that are switched on: by name in FAULTS at the start, or later by
// PUT /NAME on FAULT_ADDR. Neither is seen by any telemetry.
var faults sync.Map

func isOn(fault string) bool {
	_, on := faults.Load(fault)
	return on
}

func init() {
	runtime.SetMutexProfileFraction(100)
	for name := range strings.SplitSeq(os.Getenv("FAULTS"), ",") {
		faults.Store(name, true)
	}
	addr := os.Getenv("FAULT_ADDR")
	if addr == "" {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /{fault}", func(w http.ResponseWriter, r *http.Request) {
		faults.Store(r.PathValue("fault"), true)
		w.WriteHeader(http.StatusNoContent)
	})
	server := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { fmt.Fprintln(os.Stderr, "faults:", server.ListenAndServe()) }()
}
