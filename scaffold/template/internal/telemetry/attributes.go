package telemetry

import (
	"net"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// describe sets the attributes and the status that the semantic conventions ask for.
func describe(span trace.Span, rec *recorder, r *http.Request) {
	span.SetAttributes(requestAttributes(r, rec.route)...)
	span.SetAttributes(semconv.HTTPResponseStatusCode(rec.status), semconv.HTTPResponseBodySize(int(rec.bytes)))
	if failure := rec.errorType(); failure != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(failure))
	}
	if rec.failed() {
		span.SetStatus(codes.Error, "")
	}
}

func requestAttributes(r *http.Request, route string) []attribute.KeyValue {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	return []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(knownMethod(r.Method)),
		semconv.HTTPRoute(route),
		semconv.URLPath(r.URL.Path),
		semconv.URLScheme(scheme),
		semconv.ClientAddress(client),
		semconv.UserAgentOriginal(r.UserAgent()),
	}
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
