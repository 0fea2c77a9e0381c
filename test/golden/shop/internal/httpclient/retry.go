package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// retryable are errors of the way and answers that say "later", of requests that may be sent twice. A caller that
// has gone, an answer that is too long and a certificate that is not trusted are final.
func retryable(ctx context.Context, r *http.Request, response *http.Response, err error) bool {
	if ctx.Err() != nil || !replayable(r) {
		return false
	}
	if err == nil {
		return retryableStatus(response.StatusCode)
	}
	var untrusted *tls.CertificateVerificationError
	return !errors.Is(err, ErrTooLarge) && !errors.As(err, &untrusted)
}

func retryableStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// replayable requests do no more when they arrive twice: idempotent methods (RFC 9110, section 9.2.2), and those
// whose Idempotency-Key lets the service see that it is the same request.
func replayable(r *http.Request) bool {
	if hasBody(r) && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != ""
}

func hasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

// retryAfter is how long the service asked to be left alone: seconds or a date, RFC 9110, section 10.2.3.
func retryAfter(response *http.Response, now time.Time) time.Duration {
	if response == nil {
		return 0
	}
	value := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
