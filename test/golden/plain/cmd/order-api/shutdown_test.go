package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

func TestAStreamLearnsOfTheShutdownBeforeItIsCutOff(t *testing.T) {
	causes := make(chan error, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		causes <- context.Cause(r.Context())
	}))
	shutdown := graceful(server.Config)
	server.Start()
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if err := shutdown(deadline, deadline); err != nil {
		t.Errorf("the stream was cut off: %v", err)
	}
	if cause := <-causes; !errors.Is(cause, telemetry.ErrShutdown) {
		t.Errorf("the stream ended by %v", cause)
	}
}

func TestARequestThatDoesNotEndIsCutOffAndTold(t *testing.T) {
	proceed := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-proceed
	}))
	shutdown := graceful(server.Config)
	server.Start()
	defer server.Close()
	defer close(proceed)
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := shutdown(0, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("told %v", err)
	}
}
