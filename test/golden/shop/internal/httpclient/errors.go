package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const reasonCanceled = "canceled" // by the caller

// errorType is the low-cardinality kind of an attempt without a usable answer.
func errorType(err error, use *use) string {
	var dialled dialError
	var network net.Error
	var untrusted *tls.CertificateVerificationError
	timeout := errors.As(err, &network) && network.Timeout()
	switch {
	case errors.Is(err, context.Canceled):
		return reasonCanceled
	case errors.As(err, &dialled) && timeout:
		return "dial_timeout"
	case errors.As(err, &dialled):
		return "dial_error"
	case errors.As(err, &untrusted):
		return "tls_error"
	case errors.Is(err, context.DeadlineExceeded) && use.waiting:
		return "pool_timeout"
	case timeout && use.waiting: // it had a connection, but none that could be used
		return "tls_timeout"
	case timeout:
		return "timeout"
	case errors.Is(err, ErrTooLarge):
		return "body_too_large"
	}
	return "connection_error"
}

// errorOfStatus is error.type as the semantic conventions have it for clients: 4xx is an error too.
func errorOfStatus(status int) string {
	if status < http.StatusBadRequest {
		return ""
	}
	return strconv.Itoa(status)
}

// withoutURL takes off the address that net/http and net/url put before an error: its query may hold secrets.
func withoutURL(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		return withURL.Err
	}
	return err
}

// redacted is a URL without credentials, without the values of its query and without its fragment.
func redacted(u *url.URL) string {
	shown := *u
	shown.User, shown.Fragment, shown.RawFragment = nil, "", ""
	if shown.RawQuery != "" {
		pairs := strings.Split(shown.RawQuery, "&")
		for i, pair := range pairs {
			if name, _, found := strings.Cut(pair, "="); found {
				pairs[i] = name + "=REDACTED"
			}
		}
		shown.RawQuery = strings.Join(pairs, "&")
	}
	return shown.String()
}

// port is the one a URL names, else that of its scheme.
func port(u *url.URL) int {
	if number, err := strconv.Atoi(u.Port()); err == nil {
		return number
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}
