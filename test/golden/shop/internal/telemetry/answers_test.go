package telemetry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/spans"
)

func TestAFailedFirstReadLeavesTheStatusToTheHandler(t *testing.T) {
	status := 0
	b := served(t, plain, func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.Copy(w, broken{}); err != nil {
			http.Error(w, "the storage is away", http.StatusBadGateway)
		}
	}, func(s *httptest.Server) {
		response, _, _ := body(t, s)
		status = response.StatusCode
	})
	if got := b.count(t, "/orders/{id}", "502", "502"); got != "1" || status != 502 {
		t.Errorf("answered %d, counted %s times as 502:\n%v", status, got, b.lines(t))
	}
}

func TestAPanicIsAnsweredWithoutTheHeadersOfTheAnswerThatWasNotGiven(t *testing.T) {
	served(t, plain, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		panic("boom")
	}, func(s *httptest.Server) {
		response, text, err := body(t, s)
		if err != nil || response.StatusCode != 500 || !strings.Contains(text, "Internal Server Error") || response.Header.Get("Cache-Control") != "" {
			t.Errorf("answered %v %q, %v", response, text, err)
		}
	})
}

func TestAClientThatLeavesAProxiedStreamIsNoFailure(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "data")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
	}
	b := served(t, plain, proxy.ServeHTTP, leave(t))
	if got := b.count(t, "/orders/{id}", "500", "panic"); got != "0" {
		t.Errorf("%s panics counted:\n%v", got, b.lines(t))
	}
}

func TestALateAnswerThatTheWriteDeadlineCutsOffIsATimeout(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	b.Timeout = 10 * time.Millisecond
	observed := b.Route("GET /orders/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		<-time.After(20 * time.Millisecond) // until the write deadline has come as well
		_, _ = io.WriteString(w, `{"ok":true}`)
	}))
	ended := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		observed.ServeHTTP(w, r)
	}))
	s.Config.WriteTimeout = 20 * time.Millisecond
	s.Start()
	defer s.Close()
	if response, err := s.Client().Get(s.URL + "/orders/7"); err == nil {
		response.Body.Close()
		t.Errorf("answered %s", response.Status)
	}
	<-ended
	if got := b.count(t, "/orders/{id}", "504", "timeout"); got != "1" {
		t.Errorf("counted %s times as a timeout:\n%v", got, b.lines(t))
	}
}

func TestATraceThatIsStartedBelowARequestHasAnIDOfItsOwn(t *testing.T) {
	b := newBench(t, sdktrace.AlwaysSample(), zapcore.InfoLevel)
	table := &samplings{others: Always}
	b.tel.samplings = table
	b.tel.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSampler(table.sampler()), sdktrace.WithIDGenerator(spans.IDs{})).Tracer("test")
	for _, headers := range [][]string{nil, {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}} {
		b.get(b.newRoute("GET /orders/{id}", "GET", "/orders/{id}", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var jobs sync.WaitGroup
			for range 2 {
				jobs.Go(func() {
					_, job := b.tel.Tracer.Start(r.Context(), "job", trace.WithNewRoot())
					if own := job.SpanContext().TraceID(); own == trace.SpanContextFromContext(r.Context()).TraceID() {
						t.Errorf("headers %v: the job has the request's trace id %s", headers, own)
					}
				})
			}
			jobs.Wait()
		})), headers...)
	}
}

func TestWhatNoRouteMatchesIsLoggedWithItsPathCutAndMadeText(t *testing.T) {
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	request := httptest.NewRequest(http.MethodGet, "/%ff"+strings.Repeat("a", 5000), nil)
	b.Unknown(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), request)
	if path, _ := b.lines(t)[0]["path"].(string); !strings.HasPrefix(path, "/\uFFFDaaa") || len(path) > 600 {
		t.Errorf("path %q", path)
	}
}

func TestTracestateMayComeInSeveralHeaders(t *testing.T) {
	header := http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "Tracestate": {"a=1", "ot=th:0"}}
	if got := remoteParent(header).TraceState().String(); got != "a=1,ot=th:0" {
		t.Errorf("tracestate %q", got)
	}
	if got := remoteParent(http.Header{}); got.IsValid() {
		t.Errorf("a parent without a header: %+v", got)
	}
}
