package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
)

// maxBodyBytes bounds the bodies of all routes that do not say upTo.
const maxBodyBytes = 1 << 20

// upTo lets a route take bodies of up to limit bytes, in its line of the table: upTo(64<<20, putFile(d)).
func upTo(limit int64, handler http.Handler) http.Handler { return bounded{handler, limit} }

type bounded struct {
	http.Handler
	limit int64
}

// limitBody bounds what can be read of a body. It stands before the middleware, observed: http.MaxBytesReader closes
// the connection of an oversized one by the server's own writer.
func limitBody(route Route, observed http.Handler) http.Handler {
	limit := int64(maxBodyBytes)
	if own, ok := route.Handler.(bounded); ok {
		limit = own.limit
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(unwrapped(w), r.Body, limit)
		}
		observed.ServeHTTP(w, r)
	})
}

func unwrapped(w http.ResponseWriter) http.ResponseWriter {
	for {
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = wrapper.Unwrap()
	}
}

// decode reads a body that is one JSON value and nothing after it. Its errors are sentences for the client.
func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(into); err != nil {
		return explain(err)
	}
	var syntax *json.SyntaxError
	switch _, err := decoder.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil, errors.As(err, &syntax):
		return errors.New("the body goes on after the JSON value")
	default:
		return explain(err)
	}
}

// explain says what is wrong with a body, without the names of Go types and the addresses that Go's errors have.
func explain(err error) error {
	var (
		tooLarge *http.MaxBytesError
		syntax   *json.SyntaxError
		mismatch *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.Is(err, io.EOF):
		return errors.New("the body is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the body ends within the JSON value")
	case errors.As(err, &syntax):
		return fmt.Errorf("the body is no JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch) && mismatch.Field == "":
		return fmt.Errorf("the body must be %s", expected(mismatch.Type.Kind()))
	case errors.As(err, &mismatch):
		return fmt.Errorf("%s must be %s", mismatch.Field, expected(mismatch.Type.Kind()))
	}
	return errors.New("the body cannot be read")
}

// expected is what JSON calls a value of this kind.
func expected(kind reflect.Kind) string {
	switch {
	case kind == reflect.Bool:
		return "true or false"
	case kind >= reflect.Int && kind <= reflect.Uintptr:
		return "a whole number, not too large"
	case kind == reflect.Float32 || kind == reflect.Float64:
		return "a number, not too large"
	case kind == reflect.Slice || kind == reflect.Array:
		return "an array"
	case kind == reflect.Map || kind == reflect.Struct:
		return "an object"
	}
	return "a string"
}
