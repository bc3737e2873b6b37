package desk

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/gomega"
)

func TestAMockWhoseStoreFailsIsNotWell(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w := httptest.NewRecorder()
	tellHealth(w, errors.New("no space left\x1b[2J"))
	g.Expect(w.Code).To(Equal(http.StatusServiceUnavailable))
	g.Expect(w.Body.String()).To(MatchJSON(`{"status": "unavailable", "reason": "no space left\\x1b[2J"}`))
}
