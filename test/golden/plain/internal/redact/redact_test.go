package redact

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestSecretsAreMasked(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"a secret key", `{"password":"hunter2","user":"ada"}`, `{"password":"[redacted]","user":"ada"}`},
		{"a key written otherwise", `{"X-Api-Key":"k","DB_PASSWORD":"p","accessToken":"t"}`, `{"X-Api-Key":"[redacted]","DB_PASSWORD":"[redacted]","accessToken":"[redacted]"}`},
		{"a secret that is no string", `{"pin_secret":1234,"token":null,"a":1}`, `{"pin_secret":"[redacted]","token":"[redacted]","a":1}`},
		{"a whole object", `{"credentials":{"user":"a","list":[1,{"x":"}"}]},"a":1}`, `{"credentials":"[redacted]","a":1}`},
		{"a header with its values", `{"headers":{"Authorization":["Bearer x"],"Set-Cookie":["a=b"],"Accept":["*/*"]}}`,
			`{"headers":{"Authorization":"[redacted]","Set-Cookie":"[redacted]","Accept":["*/*"]}}`},
		{"a nested key", `{"config":{"db":{"dsn":"host=x"}}}`, `{"config":{"db":{"dsn":"[redacted]"}}}`},
		{"a key at the end of an object", `{"a":{"secret":12},"b":true}`, `{"a":{"secret":"[redacted]"},"b":true}`},
		{"a bearer token", `{"error":"refused: Bearer abc.def-ghi, and so on"}`, `{"error":"refused: Bearer [redacted], and so on"}`},
		{"basic credentials in any case", `{"msg":"basic  YTpi"}`, `{"msg":"basic  [redacted]"}`},
		{"a URL's password", `{"error":"dial postgres://ada:s3c:r@t@db:5432/order-api failed"}`, `{"error":"dial postgres://ada:[redacted]@db:5432/order-api failed"}`},
		{"two URLs", `{"e":"redis://:a@x redis://u:b@y"}`, `{"e":"redis://:[redacted]@x redis://u:[redacted]@y"}`},
		{"a query", `{"error":"Get \"http://x/?access_token=abc&page=2\": EOF"}`, `{"error":"Get \"http://x/?access_token=[redacted]&page=2\": EOF"}`},
		{"a connection string", `{"error":"cannot connect: host=x password=abc dbname=y"}`, `{"error":"cannot connect: host=x password=[redacted] dbname=y"}`},
		{"JSON in a string", `{"error":"answered {\"access_token\": \"abc\",\"id\":\"7\"}"}`, `{"error":"answered {\"access_token\": \"[redacted]\",\"id\":\"7\"}"}`},
		{"a stack", `{"stacktrace":"panic: token=abc\n\tmain.go:7"}`, `{"stacktrace":"panic: token=[redacted]\n\tmain.go:7"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, changed := JSON([]byte(test.line))
			if string(got) != test.want || !changed {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, line := range []string{
		`{"msg":"request","path":"/orders/7","tokens_used":7,"bearer":"standing"}`,
		`{"url":"https://example.com:9000/users/a@b.com?x=1","mail":"ada@example.com","git":"ssh://git@host/x"}`,
		`{"error":"unexpected token: }","list":[1,2,[3]],"n":-1.5e3,"s":""}`,
		`{}`, `[]`, `"x"`, ``, `{`, `{"a`, `{"password"`, `{"password":`,
	} {
		if got, changed := JSON([]byte(line)); changed || string(got) != line {
			t.Errorf("%s became %s", line, got)
		}
	}
}

// FuzzJSON: valid JSON stays valid, keeps its other values, and neither a secret value nor a URL's password is left.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"password":"x"}`, `{"a":[{"token":{"b":1}}],"c":"Bearer x"}`, `"://a:b@c"`, `{"e":"{\"dsn\":\"x\"}"}`, `{"a\"b":"\\"}`, `{"pwd":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		clean, changed := JSON(line)
		if !bytes.Equal(before, line) {
			t.Fatalf("the line itself was changed: %q became %q", before, line)
		}
		if !json.Valid(line) {
			return
		}
		if !json.Valid(clean) {
			t.Fatalf("%s became invalid: %s", line, clean)
		}
		if again, _ := JSON(clean); changed && strings.Count(string(again), mask) < strings.Count(string(clean), mask) {
			t.Fatalf("%s changed again to %s", clean, again)
		}
		const secret = "hunter2hunter2"
		text, _ := json.Marshal(string(line))
		wrapped := append(append([]byte(`{"text":`), text...), `,"password":"`+secret+`","url":"x://u:`+secret+`@h","n":1}`...)
		clean, _ = JSON(wrapped)
		if bytes.Contains(clean, []byte(secret)) && !bytes.Contains(line, []byte(secret)) || !json.Valid(clean) || !bytes.HasSuffix(clean, []byte(`,"n":1}`)) {
			t.Fatalf("%s became %s", wrapped, clean)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	line := []byte(`{"level":"warn","ts":"2026-01-02T15:04:05.123456789Z","logger":"cache","caller":"cache/cache.go:149","msg":"redis attempt failed",` +
		`"error":"dial tcp 127.0.0.1:6379: connect: connection refused","error_type":"dial_error","attempt":1,"operation":"GET","duration_ms":1.5,` +
		`"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_flags":"01"}`)
	b.ReportAllocs()
	for b.Loop() {
		JSON(line)
	}
}
