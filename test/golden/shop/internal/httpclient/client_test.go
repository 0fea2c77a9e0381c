package httpclient

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"example.com/shop/internal/retry"
)

func TestEachAttemptIsASpanThatTheUpstreamSees(t *testing.T) {
	var headers []http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		if len(headers) < retry.MaxAttempts {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "an answer")
	}))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	b := newBench(t, "http://ada:s3cret@"+target.Host+"/api/", Options{})
	response, err := b.do(t, t.Context(), "GET", "/zip/8001?token=s3cret&x=", "")
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v, %v", response, err)
	}
	if body, _ := io.ReadAll(response.Body); string(body) != "an answer" {
		t.Errorf("the answer reads %q", body)
	}

	attempts := b.attempts()
	if len(attempts) != retry.MaxAttempts || len(headers) != retry.MaxAttempts {
		t.Fatalf("%d spans for %d requests, want %d of each", len(attempts), len(headers), retry.MaxAttempts)
	}
	request := b.spans.Ended()[retry.MaxAttempts]
	for i, span := range attempts {
		if want := "00-" + span.SpanContext().TraceID().String() + "-" + span.SpanContext().SpanID().String() + "-01"; headers[i].Get("Traceparent") != want {
			t.Errorf("attempt %d sent traceparent %q, want %q", i+1, headers[i].Get("Traceparent"), want)
		}
		if span.Name() != "GET" || span.Parent().SpanID() != request.SpanContext().SpanID() {
			t.Errorf("attempt %d: span %s is not GET within the request", i+1, span.Name())
		}
		want := map[attribute.Key]string{
			"http.request.method": "GET", "server.address": "127.0.0.1", "server.port": target.Port(),
			"url.full":                  server.URL + "/api/zip/8001?token=REDACTED&x=REDACTED",
			"http.request.resend_count": []string{"", "1", "2"}[i], "http.response.status_code": []string{"503", "503", "200"}[i],
			"error.type": []string{"503", "503", ""}[i],
		}
		for key, value := range want {
			if got := attributes(span)[key]; got != value {
				t.Errorf("attempt %d: %s is %q, want %q", i+1, key, got, value)
			}
		}
		if failed := span.Status().Code == codes.Error; failed != (i < retry.MaxAttempts-1) {
			t.Errorf("attempt %d: status %v", i+1, span.Status())
		}
	}
	if user, password, _ := (&http.Request{Header: headers[0]}).BasicAuth(); user != "ada" || password != "s3cret" {
		t.Error("the credentials of the URL did not arrive")
	}
	if got := b.value(t, "http_client_request_duration_seconds", "503", "GET", "503", "127.0.0.1"); got != 2 {
		t.Errorf("%v observations of 503, want 2", got)
	}
	if got := b.value(t, "http_client_retries_total", "127.0.0.1"); got != 2 {
		t.Errorf("%v retries, want 2", got)
	}
	b.wantLines(t, attempts[:2], "503")
}

// wantLines checks that these failed attempts, and no others, have a line each, and that none has a secret.
func (b *bench) wantLines(t *testing.T, failed []sdktrace.ReadOnlySpan, errorType string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(b.logs.String()), "\n")
	if len(lines) != len(failed) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(failed), b.logs.String())
	}
	for i, text := range lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]any{
			"msg": "http attempt failed", "level": "warn", "attempt": float64(i + 1), "error_type": errorType, "method": "GET",
			"trace_id": failed[i].SpanContext().TraceID().String(), "span_id": failed[i].SpanContext().SpanID().String(),
		} {
			if line[key] != want {
				t.Errorf("line %d: %s is %v, want %v", i+1, key, line[key], want)
			}
		}
		if strings.Contains(text, "s3cret") {
			t.Errorf("a secret is logged: %s", text)
		}
	}
}

func TestAnUpstreamThatIsAwayIsTriedThreeTimesAndNamedWithoutSecrets(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	b := newBench(t, strings.Replace(server.URL, "//", "//ada:s3cret@", 1), Options{})
	_, err := b.do(t, t.Context(), "GET", "/?token=s3cret", "")
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
	attempts := b.attempts()
	if len(attempts) != retry.MaxAttempts {
		t.Fatalf("%d attempts, want %d", len(attempts), retry.MaxAttempts)
	}
	if got := attributes(attempts[0])["error.type"]; got != "dial_error" || strings.Contains(attempts[0].Status().Description, "s3cret") {
		t.Errorf("error.type %q, status %v", got, attempts[0].Status())
	}
	if got := b.value(t, "http_client_request_duration_seconds", "dial_error", "GET", "", "127.0.0.1"); got != retry.MaxAttempts {
		t.Errorf("%v observations, want %d", got, retry.MaxAttempts)
	}
	b.wantLines(t, attempts, "dial_error")
}

func TestACallerThatHasGoneIsNoFailureOfTheUpstream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options, _ := newUpstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		b := newBench(t, address, options)
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, leave)
		if _, err := b.do(t, ctx, "GET", "/", ""); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
		attempts := b.attempts()
		if len(attempts) != 1 || attempts[0].Status().Code != codes.Unset || attributes(attempts[0])["error.type"] != "canceled" {
			t.Errorf("%d attempts, the first %v %v", len(attempts), attempts[0].Status(), attempts[0].Attributes())
		}
		if b.logs.Len() > 0 {
			t.Errorf("logged: %s", b.logs.String())
		}
		if got := b.value(t, "http_client_request_duration_seconds", "canceled", "GET", "", "upstream"); got != 1 {
			t.Errorf("%v observations of canceled, want 1", got)
		}
	})
}

func TestAnAnswerThatIsTooLongIsCutAndNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options, _ := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", len(r.URL.Path)))
		})
		options.MaxBodyBytes = 5
		b := newBench(t, address, options)
		if _, err := b.do(t, t.Context(), "GET", "/1234", ""); err != nil {
			t.Errorf("5 bytes: %v", err)
		}
		if _, err := b.do(t, t.Context(), "GET", "/12345", ""); !errors.Is(err, ErrTooLarge) {
			t.Errorf("6 bytes: %v, want ErrTooLarge", err)
		}
		if attempts := b.attempts(); len(attempts) != 2 || attributes(attempts[1])["error.type"] != "body_too_large" {
			t.Errorf("%d attempts, want 2", len(attempts))
		}
	})
}

func TestTwoServicesHaveTheirOwnSeries(t *testing.T) {
	b := newBench(t, "http://one:1", Options{})
	other, _ := url.Parse("http://two:2")
	New(Options{URL: other, Timeout: time.Second}, b.tel)
	New(Options{URL: other, Timeout: time.Second}, b.tel)
	for _, host := range []string{"one", "two"} {
		if got := b.value(t, "http_client_max_connections", host); got != 100 {
			t.Errorf("%s: at most %v connections, want 100", host, got)
		}
	}
}

func TestARequestToAnotherServiceIsRefused(t *testing.T) {
	b := newBench(t, "http://one:1", Options{})
	request, _ := http.NewRequestWithContext(t.Context(), "GET", "http://two:2/", nil)
	if _, err := b.Do(request); err == nil || !strings.Contains(err.Error(), "two:2") {
		t.Errorf("error %v", err)
	}
}
