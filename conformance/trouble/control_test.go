package trouble

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

const nothing = `{"settings": {"settle": "0s", "creating": "0s", "latency": "0s", "stay": [], "faults": []}, "random": 7}`

func TestTheTestbedChangesTheTrouble(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, m := troubled(t, Settings{})
	place := m.url + mock.TestbedPath + Place

	status, text := send(t, http.MethodGet, place, "")
	g.Expect(status).To(Equal(http.StatusOK))
	g.Expect(text).To(MatchJSON(nothing))

	settings := `{"settle": "3s", "creating": "1m0s", "latency": "1ns..2ns", "stay": [{"state": "DELETING", "rate": "10%"}], "faults": [{"name": "SERVICE_TEMPORARY_UNAVAILABLE", "rate": "100%"}]}`
	status, text = send(t, http.MethodPut, place, settings)
	g.Expect(status).To(Equal(http.StatusOK))
	g.Expect(text).To(MatchJSON(`{"settings": ` + settings + `, "random": 7}`))
	_, text = send(t, http.MethodGet, place, "")
	g.Expect(text).To(MatchJSON(`{"settings": ` + settings + `, "random": 7}`))
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.Unavailable.Status))

	status, text = send(t, http.MethodPut, place, `{"faults": [{"name": "MISSING_PARAMETER"}]}`)
	g.Expect(status).To(Equal(http.StatusOK), text)
	g.Expect(text).To(ContainSubstring(`"settle":"0s"`), "what is left out is none")
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.MissingParameter.Status))

	status, text = send(t, http.MethodDelete, place, "")
	g.Expect(status).To(Equal(http.StatusNoContent))
	g.Expect(text).To(BeEmpty())
	_, text = send(t, http.MethodGet, place, "")
	g.Expect(text).To(MatchJSON(nothing))
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.NotFound.Status))
}

func TestTheTestbedRefusesTroubleThatCannotBe(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, m := troubled(t, Settings{})
	place := m.url + mock.TestbedPath + Place
	for body, mend := range map[string]string{
		"":                                   "give a mapping",
		"null":                               "trouble is a mapping",
		`{"fault": []}`:                      `{"error":"line 1, column 2: trouble has no member \"fault\"; did you mean faults?; there are creating, faults, latency, settle, stay"}`,
		`{"after": "3s"}`:                    "no member",
		`{"settle": 3}`:                      "has no unit",
		`{"faults": [{"name": "nobody"}]}`:   "there is no fault",
		strings.Repeat(" ", maxOrder) + "{}": "too large",
	} {
		status, text := send(t, http.MethodPut, place, body)
		g.Expect(status).To(Equal(http.StatusBadRequest), text)
		g.Expect(text).To(ContainSubstring(mend))
		g.Expect(text).To(HavePrefix(`{"error":"`))
	}
	status, text := send(t, http.MethodPost, place, "{}")
	g.Expect(status).To(Equal(http.StatusMethodNotAllowed))
	g.Expect(text).To(HavePrefix(`{"error":"`))
	_, text = send(t, http.MethodGet, place, "")
	g.Expect(text).To(MatchJSON(nothing))
}

func TestTheTestbedShowsHowFarAScenarioIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	made, m := troubled(t, Settings{})
	place := m.url + mock.TestbedPath + Place
	scenario, err := parseScenario([]byte("steps: [{}, {requests: 2, settle: 1s}, {requests: 1, settle: 0s}]\nrepeat: true\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Play(scenario)).To(Succeed())
	_, text := send(t, http.MethodGet, place, "")
	g.Expect(text).To(ContainSubstring(`"scenario":{"step":1,"of":3,"round":1}`))
	for range 3 {
		g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.NotFound.Status))
	}
	_, text = send(t, http.MethodGet, place, "")
	g.Expect(text).To(ContainSubstring(`"scenario":{"step":1,"of":3,"round":2}`))
	status, text := send(t, http.MethodPut, place, "{}")
	g.Expect(status).To(Equal(http.StatusOK))
	g.Expect(text).To(MatchJSON(nothing), "what is set ends the scenario")
}
