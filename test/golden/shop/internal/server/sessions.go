package server

import (
	"errors"
	"net/http"

	"go.uber.org/zap"

	"example.com/shop/internal/cache"
	"example.com/shop/internal/telemetry"
)

// maxSessionLength bounds what becomes part of a key.
const maxSessionLength = 128

type session struct {
	Session string `json:"session"`
	User    string `json:"user"`
}

// verifySession looks up the session named by the query parameter or the header `session`.
func verifySession(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("session")
		if id == "" {
			id = r.Header.Get("Session")
		}
		if id == "" || len(id) > maxSessionLength {
			reply(w, http.StatusBadRequest, problem{"give a session of at most 128 characters, as a query parameter or header"})
			return
		}
		user, err := d.Sessions.Get(r.Context(), "session:"+id)
		switch {
		case err == nil:
			reply(w, http.StatusOK, session{Session: id, User: user})
		case errors.Is(err, cache.ErrNotFound):
			reply(w, http.StatusNotFound, problem{"no such session"})
		case r.Context().Err() != nil:
			fail(w, r, d.Log, err)
		default:
			d.Log.Error("session lookup failed", zap.Error(err), telemetry.TraceIDs(r.Context()))
			reply(w, http.StatusServiceUnavailable, problem{"sessions cannot be looked up now"})
		}
	})
}
