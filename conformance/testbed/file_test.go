package testbed_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// listed opens a list of snapshots.
func listed(t *testing.T, text string, ask testbed.Ask) (testbed.Spending, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshots")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bed, err := testbed.Open("file:"+path, testbed.Surroundings{Ask: ask})
	if err != nil {
		return nil, err
	}
	return bed.(testbed.Spending), nil
}

// nobody fails a test that asks the endpoint for anything.
func nobody(t *testing.T) testbed.Ask {
	return func(_ context.Context, action string, body []byte) (int, []byte, error) {
		t.Errorf("%s was sent %s", action, body)
		return 0, nil, errors.New("nobody is there")
	}
}

// calling asks an implementation as a run does.
func calling(t *testing.T, implementation http.Handler) testbed.Ask {
	t.Helper()
	server := httptest.NewServer(implementation)
	t.Cleanup(server.Close)
	endpoint, err := reach.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return target.New(target.Config{Endpoint: endpoint, Timeout: long, Patience: long}).Ask
}

// The same list in all its forms.
var forms = map[string]string{
	"entries":           "- {id: a, state: NORMAL}\n- {id: b, state: AVAILABLE}\n# one more\n- id: f\n  state: FAILED\n- {state: MISSING, id: m}\n- {id: 007, state: NORMAL}\n",
	"by state":          "NORMAL: [a, b, 007]\nFAILED:\n  - f\nMISSING: ['m']\n",
	"under both names":  "NORMAL: [a]\nAVAILABLE: [b, 007]\nFAILED: [f]\nMISSING: [m]\n",
	"a document":        "---\nNORMAL: [a, b, 007]\nFAILED: [f]\nMISSING: [m]\n...\n",
	"JSON":              `[{"id":"a","state":"NORMAL"},{"id":"b","state":"NORMAL"},{"id":"f","state":"FAILED"},{"id":"m","state":"MISSING"},{"id":"007","state":"NORMAL"}]`,
	"JSON by state":     `{"NORMAL":["a","b","007"],"FAILED":["f"],"MISSING":["m"]}`,
	"indented by tabs":  "{\n\t\"NORMAL\": [\n\t\t\"a\",\n\t\t\"b\",\n\t\t\"007\"\n\t],\n\t\"FAILED\": [\"f\"],\n\t\"MISSING\":\t[\"m\"]\n}\n",
	"lines end as on w": "NORMAL:\r\n- a\r\n- b\r\n- 007\r\nFAILED: [f]\r\nMISSING: [m]\r\n",
}

func TestFileForms(t *testing.T) {
	t.Parallel()
	for name, text := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed, err := listed(t, text, nobody(t))
			g.Expect(err).NotTo(HaveOccurred())
			states, err := bed.States(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(states).To(ConsistOf(contract.Normal, contract.State("FAILED")))
			g.Expect(bed.Has(contract.Normal)).To(Equal(3))
			g.Expect(bed.Has("FAILED")).To(Equal(1))
			g.Expect(bed.Has(contract.Leaving)).To(BeZero())
			g.Expect(bed.Missing()).To(Equal([]string{"m"}))
			g.Expect(bed.Make(t.Context(), contract.Normal, 3)).To(Equal([]string{"a", "b", "007"}))
			g.Expect(bed.Make(t.Context(), "FAILED", 1)).To(Equal([]string{"f"}))
		})
	}
}

func TestFileMistakesAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"nothing":               {"", "it is empty"},
		"a remark":              {"# snapshots\n", "it is empty"},
		"a word":                {"snap-1", "line 1: this is no list"},
		"null":                  {"~", "line 1: this is no list"},
		"no YAML":               {"NORMAL: [a\nFAILED: [b]\n", "neither YAML nor JSON (line "},
		"a tab":                 {"NORMAL:\n\t- a\n", "neither YAML nor JSON (line "},
		"bytes":                 {"\x00\xff\xfe", "neither YAML nor JSON"},
		"two documents":         {"NORMAL: [a]\n---\nFAILED: [b]\n", "something after the list"},
		"something after":       {"NORMAL: [a]\n---\n[", "something after the list"},
		"an empty list":         {"[]", "it lists nothing"},
		"an empty map":          {"{}", "it lists nothing"},
		"an empty state":        {"NORMAL: [a]\nFAILED: []\n", `line 2: the list of ids in state "FAILED" is empty`},
		"no list for a state":   {"NORMAL: a\n", `line 1: "NORMAL" has no list of ids`},
		"null for a state":      {"NORMAL: [a]\nFAILED:\n", `line 2: "FAILED" has no list of ids`},
		"a state twice":         {"NORMAL: [a]\nNORMAL: [b]\n", `line 2: state "NORMAL" stands here twice`},
		"an unknown state":      {"NORMAL: [a]\nBROKEN: [b]\n", `line 2: there is no state "BROKEN"; there are NORMAL, `},
		"lower case":            {"normal: [a]\n", `line 1: there is no state "normal"`},
		"an unknown state, too": {"- {id: a, state: NORMAL}\n- id: b\n  state: missing\n", `line 3: there is no state "missing"`},
		"a state that is none":  {"- {id: a, state: [NORMAL]}\n", "line 1: there is no state"},
		"an odd key":            {"NORMAL: [a]\n? [x]\n: [b]\n", "line 2: there is no state"},
		"an unknown member":     {"- {id: a, state: NORMAL}\n- {id: b, state: NORMAL, note: x}\n", `line 2: an entry has a member "note"; there are id, state, name, `},
		"a count":               {"- {id: a, state: NORMAL}\n- {state: NORMAL, count: 3}\n", "line 2: a count is for snapshots that are to be made"},
		"a merged member":       {"- &a {id: a, state: NORMAL}\n- {<<: *a, id: b}\n", `line 2: an entry has a member "<<"`},
		"a member twice":        {"- {id: a, state: NORMAL, id: b}\n", "line 1: an entry has its id twice"},
		"no id":                 {"- {state: NORMAL}\n", "line 1: an entry lacks its id or its state"},
		"no state":              {"- {id: a, state: NORMAL}\n- id: b\n", "line 2: an entry lacks its id or its state"},
		"ids alone":             {"- a\n- b\n", "line 1: an entry is not of the form {id: snap-1, state: NORMAL}"},
		"an alias":              {"- &a {id: a, state: NORMAL}\n- *a\n", "line 2: an entry is not of the form"},
		"an id twice":           {"NORMAL: [a, b, a]\n", `line 1: the id "a" stands here twice`},
		"an id in two states":   {"- {id: a, state: NORMAL}\n\n- {id: a, state: FAILED}\n", `line 3: the id "a" stands here twice`},
		"an id, missing too":    {"NORMAL: [a]\nMISSING: [a]\n", `line 2: the id "a" stands here twice`},
		"an id is null":         {"NORMAL: [a, ~]\n", "line 1: \"~\" is no snapshot id"},
		"an id is empty":        {"NORMAL: [a, '']\n", "line 1: \"\" is no snapshot id"},
		"an id is left out":     {"- id:\n  state: NORMAL\n", "line 1: \"\" is no snapshot id"},
		"an id is a list":       {"NORMAL: [[a]]\n", "is no snapshot id"},
		"an id is an alias":     {"NORMAL: [&x a, *x]\n", "is no snapshot id"},
		"an id with a space":    {"NORMAL: ['a b']\n", `"a b" is no snapshot id`},
		"ids that ran together": {"NORMAL:\n- a\n  b\n", `line 2: "a b" is no snapshot id`},
		"other letters":         {"NORMAL: [é]\n", `"é" is no snapshot id`},
		"an endless id":         {"NORMAL: [" + strings.Repeat("x", contract.MaxIDLength+1) + "]\n", "is no snapshot id"},
		"control characters":    {"NORMAL: [\"\\e[2J\\n\"]\n", `"\x1b[2J\n" is no snapshot id`},
		"too much":              {"NORMAL: [" + strings.Repeat(" ", 8<<20) + "a]\n", "is longer than 8388608 bytes"},
		"deep":                  {strings.Repeat("[", 100_000), "neither YAML nor JSON"},
		"deep, and closed":      {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "an entry is not of the form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := listed(t, c.text, nobody(t))
			g.Expect(err).To(MatchError(And(
				HavePrefix("the file "), ContainSubstring(c.says), HaveSuffix("; give a YAML or JSON list of ids with their states"),
			)))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
		})
	}
	for path, says := range map[string]string{
		"":                              "file: names no file",
		filepath.Join(t.TempDir(), "x"): "cannot be read (no such file or directory); give",
		t.TempDir():                     "cannot be read (is a directory); give",
		"/dev/null/x\n":                 "cannot be read (not a directory)",
	} {
		_, err := testbed.Open("file:"+path, testbed.Surroundings{})
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(says)))
	}
}

func TestFileHandsEachOutOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "- {id: snap-%d, state: NORMAL}\n", i)
	}
	bed, err := listed(t, text.String(), nobody(t))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = bed.Make(t.Context(), contract.Leaving, 1)
	g.Expect(err).To(MatchError(testbed.ErrCannotMake))
	g.Expect(err).NotTo(MatchError(testbed.ErrSpent))

	handed := make(chan []string, 100)
	var users sync.WaitGroup
	for range 99 {
		users.Go(func() {
			ids, err := bed.Make(t.Context(), contract.Normal, 5)
			if err != nil {
				t.Error(err)
			}
			handed <- ids
		})
	}
	users.Wait()
	_, err = bed.Make(t.Context(), contract.Normal, 6)
	g.Expect(err).To(MatchError(testbed.ErrSpent))
	g.Expect(err).To(MatchError(ContainSubstring("of the 500 in state NORMAL that the file lists, 5 are left where 6 are needed")))
	g.Expect(err).NotTo(MatchError(testbed.ErrCannotMake))
	g.Expect(bed.Has(contract.Normal)).To(Equal(5), "what is refused spends nothing")
	rest, err := bed.Make(t.Context(), contract.Normal, 5)
	g.Expect(err).NotTo(HaveOccurred())
	handed <- rest
	close(handed)
	seen := map[string]bool{}
	for ids := range handed {
		for _, id := range ids {
			g.Expect(seen).NotTo(HaveKey(id))
			seen[id] = true
		}
	}
	g.Expect(seen).To(HaveLen(500))
	g.Expect(bed.Has(contract.Normal)).To(BeZero())
	_, err = bed.Make(t.Context(), contract.Normal, 1)
	g.Expect(err).To(MatchError(testbed.ErrSpent))
	g.Expect(bed.Release(t.Context(), "snap-1")).To(Succeed())
}

func TestFileLooksByAskingForADeletion(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	snapshots := mock.NewService()
	normal, denied := snapshots.Create(contract.Normal, 2), snapshots.Create("FAILED", 1)
	bed, err := listed(t, fmt.Sprintf("NORMAL: [%s]\nFAILED: [%s]\nMISSING: [m]\n", strings.Join(normal, ","), denied[0]), calling(t, snapshots))
	g.Expect(err).NotTo(HaveOccurred())

	for _, id := range []string{normal[0], denied[0], "x", "", "*", "NORMAL"} {
		_, err := bed.Look(t.Context(), id)
		g.Expect(err).To(MatchError(testbed.ErrWillNotLook), id)
	}
	_, there := snapshots.State(normal[0])
	g.Expect(there).To(BeTrue(), "what is yet to be handed out stays")

	_, err = bed.Make(t.Context(), contract.Normal, 1)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = bed.Make(t.Context(), "FAILED", 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(bed.Look(t.Context(), normal[0])).To(Equal(testbed.Sight{ID: normal[0], State: contract.Normal}))
	g.Expect(bed.Look(t.Context(), normal[0])).To(Equal(testbed.Sight{ID: normal[0], Gone: true}), "the look has spent it")
	g.Expect(bed.Look(t.Context(), denied[0])).To(Equal(testbed.Sight{ID: denied[0], State: "FAILED"}))
	g.Expect(bed.Look(t.Context(), denied[0])).To(Equal(testbed.Sight{ID: denied[0], State: "FAILED"}))
	_, err = bed.Look(t.Context(), normal[1])
	g.Expect(err).To(MatchError(testbed.ErrWillNotLook))

	quiet, err := listed(t, "NORMAL: [a]\nMISSING: [m]\n", nobody(t))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(quiet.Look(t.Context(), "m")).To(Equal(testbed.Sight{ID: "m", Gone: true}))
	g.Expect(quiet.Release(t.Context(), "a")).To(Succeed())
}

func TestFileReadsTheAnswerToALook(t *testing.T) {
	t.Parallel()
	refusal := func(e contract.Error) string {
		return fmt.Sprintf(`{"requestId":"T1","code":%q,"message":"m"}`, e.Code)
	}
	normal, failed := testbed.Sight{ID: "a", State: contract.Normal}, testbed.Sight{ID: "f", State: "FAILED"}
	for name, c := range map[string]struct {
		id     string
		status int
		answer string
		want   testbed.Sight
	}{
		"there":                  {"a", 200, `{"requestId":"T1","response":{"requestId":"T1","snapshotIds":[]}}`, normal},
		"there, null":            {"a", 200, `{"response":{"snapshotIds":null}}`, normal},
		"there, absent":          {"a", 200, `{"response":{}}`, normal},
		"there, hardly said":     {"a", 200, `{}`, normal},
		"gone":                   {"a", contract.NotFound.Status, refusal(contract.NotFound), testbed.Sight{ID: "a", Gone: true}},
		"going":                  {"a", contract.DeniedState.Status, refusal(contract.DeniedState), testbed.Sight{ID: "a", State: contract.Leaving}},
		"denied":                 {"f", contract.DeniedState.Status, refusal(contract.DeniedState), failed},
		"denied, gone":           {"f", contract.NotFound.Status, refusal(contract.NotFound), testbed.Sight{ID: "f", Gone: true}},
		"denied, deleted by now": {"f", 200, `{"response":{}}`, testbed.Sight{ID: "f", State: contract.Normal}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed, err := listed(t, "NORMAL: [a]\nFAILED: [f]\n", func(_ context.Context, action string, body []byte) (int, []byte, error) {
				g.Expect(action).To(Equal(contract.Action))
				g.Expect(body).To(MatchJSON(fmt.Sprintf(`{"snapshotIds":[%q]}`, c.id)))
				return c.status, []byte(c.answer), nil
			})
			g.Expect(err).NotTo(HaveOccurred())
			_, _ = bed.Make(t.Context(), contract.Normal, 1)
			_, _ = bed.Make(t.Context(), "FAILED", 1)
			g.Expect(bed.Look(t.Context(), c.id)).To(Equal(c.want))
		})
	}
	for name, c := range map[string]struct {
		status int
		answer string
	}{
		"listed":               {200, `{"response":{"snapshotIds":["a"]}}`},
		"not found as a 400":   {400, refusal(contract.NotFound)},
		"a denial as a 404":    {404, refusal(contract.DeniedState)},
		"a page":               {404, "<html>"},
		"a bare 404":           {404, `{}`},
		"no credentials":       {401, `{"requestId":"T1","code":"AUTHFAILURE_SIGNATURE_FAILURE","message":"m"}`},
		"a fault":              {500, `{}`},
		"a redirect":           {302, `{}`},
		"null":                 {200, `null`},
		"a list":               {200, `[]`},
		"ids that are numbers": {200, `{"response":{"snapshotIds":[1]}}`},
		"nothing":              {200, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed, err := listed(t, "NORMAL: [a]\n", func(context.Context, string, []byte) (int, []byte, error) {
				return c.status, []byte(c.answer), nil
			})
			g.Expect(err).NotTo(HaveOccurred())
			_, _ = bed.Make(t.Context(), contract.Normal, 1)
			_, err = bed.Look(t.Context(), "a")
			g.Expect(err).To(MatchError(And(ContainSubstring("a look at a"), ContainSubstring(fmt.Sprintf("status %d", c.status)))))
			g.Expect(err).NotTo(MatchError(testbed.ErrWillNotLook))
		})
	}
	g := NewWithT(t)
	bed, err := listed(t, "NORMAL: [a]\n", func(context.Context, string, []byte) (int, []byte, error) {
		return 0, nil, context.Canceled
	})
	g.Expect(err).NotTo(HaveOccurred())
	_, _ = bed.Make(t.Context(), contract.Normal, 1)
	_, err = bed.Look(t.Context(), "a")
	g.Expect(err).To(MatchError(context.Canceled))
}
