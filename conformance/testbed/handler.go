package testbed

import (
	"net/http"
	"net/http/httptest"
	"time"
)

// NewHandler prepares an adapter for the testbed protocol that a handler in this process serves under a path. It asks the
// handler without a connection, which is cheaper where snapshots are many.
func NewHandler(handler http.Handler, path string, patience time.Duration) *HTTP {
	inside := roundTripper{handler}
	return &HTTP{base: "http://testbed" + path, kept: inside, fresh: inside, timeout: patience, patience: patience}
}

type roundTripper struct{ handler http.Handler }

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	r.RequestURI = r.URL.RequestURI() // as a server sets it
	answer := httptest.NewRecorder()
	t.handler.ServeHTTP(answer, r)
	return answer.Result(), nil
}
