package trouble

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Place is where trouble is looked at and changed, below the testbed's base.
const Place = "/trouble"

// maxOrder is how many bytes of an order for other trouble are read.
const maxOrder = 1 << 16

// told is what the testbed says of the trouble.
type told struct {
	Settings Settings `json:"settings"`
	Random   uint64   `json:"random"`
	Scenario *place   `json:"scenario,omitempty"`
}

// place is how far a scenario has come.
type place struct {
	Step  int `json:"step"` // from 1 on; 0 before the first
	Of    int `json:"of"`
	Round int `json:"round"` // from 1 on
}

func (t *Trouble) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		t.tell(w)
	case http.MethodPut:
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
		var settings Settings
		if err == nil {
			settings, err = parseSettings(text)
		}
		if err == nil {
			err = t.Set(settings)
		}
		if err != nil {
			say(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		t.tell(w)
	case http.MethodDelete:
		t.Clear()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "DELETE, GET, PUT")
		say(w, http.StatusMethodNotAllowed, map[string]string{"error": "this path does not know the method"})
	}
}

func (t *Trouble) tell(w http.ResponseWriter) {
	t.mu.Lock()
	t.turn()
	now := told{Settings: t.settings, Random: t.seed}
	if p := t.playing; p != nil {
		now.Scenario = &place{Step: p.step + 1, Of: len(p.Steps), Round: p.round}
	}
	t.mu.Unlock()
	say(w, http.StatusOK, now)
}

// say sends an answer. If that fails, the caller has gone, and there is nobody to tell.
func say(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", contract.ContentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
