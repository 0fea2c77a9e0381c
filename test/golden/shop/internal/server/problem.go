package server

import (
	"encoding/json"
	"net/http"
)

type problem struct {
	Error string `json:"error"`
}

// problems answers in JSON what next, a router's own handler of 404 or 405, answers as text. Its headers stay (Allow).
func problems(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&problemWriter{ResponseWriter: w}, r)
	})
}

type problemWriter struct {
	http.ResponseWriter
	status int
}

func (w *problemWriter) WriteHeader(status int) {
	w.status = status
	if status >= http.StatusBadRequest {
		w.Header().Set("Content-Type", "application/json")
	}
	w.ResponseWriter.WriteHeader(status)
	if status >= http.StatusBadRequest {
		_ = json.NewEncoder(w.ResponseWriter).Encode(problem{http.StatusText(status)})
	}
}

func (w *problemWriter) Write(p []byte) (int, error) {
	if w.status >= http.StatusBadRequest {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
