package telemetry

import (
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// describe sets the attributes and the status that the semantic conventions ask for.
func (rt *route) describe(span trace.Span, rec *recorder, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	attributes := append(make([]attribute.KeyValue, 0, 8),
		semconv.HTTPRequestMethodKey.String(rec.method),
		semconv.HTTPRoute(rt.path),
		semconv.URLPath(limited(r.URL.Path)),
		semconv.URLScheme(scheme),
		semconv.ClientAddress(client),
		semconv.UserAgentOriginal(limited(r.UserAgent())),
		semconv.HTTPResponseStatusCode(rec.status),
	)
	if failure := rec.errorType(); failure != "" {
		attributes = append(attributes, semconv.ErrorTypeKey.String(failure))
	}
	span.SetAttributes(attributes...)
	if rec.failed() {
		span.SetStatus(codes.Error, "")
	}
}

// limited bounds what clients choose the length of, and makes it a text: a span with any other bytes cannot be sent.
func limited(text string) string {
	const most = 512
	return strings.ToValidUTF8(text[:min(len(text), most)], "\uFFFD")
}

// knownMethod keeps labels bounded: what is no method of HTTP counts as _OTHER.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "_OTHER"
}
