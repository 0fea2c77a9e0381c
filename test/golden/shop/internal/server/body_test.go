package server

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/shop/internal/telemetry"
)

func TestABodyIsRefusedInWordsOfTheClient(t *testing.T) {
	for _, test := range []struct{ name, body, says string }{
		{"a fraction", `{"item":"tea","quantity":1.5}`, "quantity must be a whole number, not too large"},
		{"a number out of range", `{"item":"tea","quantity":99999999999999999999}`, "quantity must be a whole number, not too large"},
		{"a number instead of a string", `{"item":1}`, "item must be a string"},
		{"an array", `[]`, "the body must be an object"},
		{"nothing", ``, "the body is empty"},
		{"half of it", `{"item":`, "the body ends within the JSON value"},
		{"no JSON", `{"item" "tea"}`, "the body is no JSON at byte 9"},
		{"something after it", `{"item":"tea"}}`, "the body goes on after the JSON value"},
		{"another value after it", `{"item":"tea"} 1`, "the body goes on after the JSON value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := decode(strings.NewReader(test.body), new(newOrder)); err == nil || err.Error() != test.says {
				t.Errorf("said %v, want %q", err, test.says)
			}
		})
	}
	t.Run("a connection that breaks", func(t *testing.T) {
		broken := iotest.ErrReader(errors.New("read tcp 10.0.0.1:8080: i/o timeout"))
		if err := decode(broken, new(newOrder)); err == nil || err.Error() != "the body cannot be read" {
			t.Errorf("said %v", err)
		}
	})
	t.Run("kinds that an order lacks", func(t *testing.T) {
		var into struct {
			Paid  bool     `json:"paid"`
			Price float64  `json:"price"`
			Lines []string `json:"lines"`
		}
		for body, says := range map[string]string{
			`{"paid":1}`: "paid must be true or false", `{"price":"1"}`: "price must be a number, not too large", `{"lines":{}}`: "lines must be an array",
		} {
			if err := decode(strings.NewReader(body), &into); err == nil || err.Error() != says {
				t.Errorf("%s: said %v, want %q", body, err, says)
			}
		}
	})
}

func TestARouteSaysHowLargeItsBodiesMayBe(t *testing.T) {
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	table := []Route{
		{Pattern: "PUT /usual", Handler: read},
		{Pattern: "PUT /large/{name}", Handler: upTo(2*maxBodyBytes, read)},
		{Pattern: "PUT /small", Handler: upTo(10, read)},
	}
	server := httptest.NewServer(mount(table, telemetry.NewMiddleware(newTelemetry(t), telemetry.Buckets(nil))))
	defer server.Close()
	for _, test := range []struct {
		path           string
		bytes, status  int
		endsConnection bool
	}{
		{"/usual", maxBodyBytes, 200, false},
		{"/usual", maxBodyBytes + 1, 413, true},
		{"/large/file", 2 * maxBodyBytes, 200, false},
		{"/large/file", 2*maxBodyBytes + 1, 413, true},
		{"/small", 10, 200, false},
		{"/small", 11, 413, true},
		{"/%73mall", 11, 413, true},
	} {
		request, err := http.NewRequest(http.MethodPut, server.URL+test.path, strings.NewReader(strings.Repeat("x", test.bytes)))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != test.status || response.Close != test.endsConnection {
			t.Errorf("%s with %d bytes: %s, connection ends: %v", test.path, test.bytes, response.Status, response.Close)
		}
	}
}
