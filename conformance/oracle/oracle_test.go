package oracle_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
)

// The two errors of the table, spelled out so that no slip in the document passes for the contract.
const (
	notFound = "INVALID_DISK_SNAPSHOT_NOT_FOUND"
	denied   = "OPERATION_DENIED_DISK_SNAPSHOT_STATUS"
)

func listing(ids ...string) oracle.Answer { return oracle.Answer{Status: 200, Listed: ids} }

func refusing(status int, code string) oracle.Answer {
	return oracle.Answer{Status: status, Code: code}
}

func classes(of map[string]oracle.Class) func(string) oracle.Class {
	return func(id string) oracle.Class { return of[id] }
}

// The ids of the table say what they stand for.
var people = map[string]oracle.Class{
	"ok1": oracle.Deletable, "ok2": oracle.Deletable, "busy1": oracle.Denied, "busy2": oracle.Denied, "none1": oracle.Missing, "none2": oracle.Missing,
	"gone": oracle.Gone, "leaving": oracle.Leaving, "odd*": oracle.Odd, "foreign": oracle.Foreign, "open": oracle.Open, "open2": oracle.Open,
}

var (
	unreadable  = oracle.Answer{Status: 200, Unknown: true}
	silence     = oracle.Answer{}
	fault       = refusing(500, "INTERNAL_SERVER_ERROR")
	is404       = refusing(404, notFound)
	is400       = refusing(400, denied)
	otherwise   = refusing(400, "INVALID_PARAMETER_VALUE")
	crossed404  = refusing(404, denied)
	crossed400  = refusing(400, notFound)
	impertinent = refusing(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION")
	accepted    = refusing(202, "")
)

// wrong is an answer that is not permitted, and the rules that it has to be said to break, and no others.
type wrong struct {
	answer oracle.Answer
	breaks []string
}

func TestTable(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ids       []string
		permitted []oracle.Answer
		wrong     []wrong
	}{
		"all deletable": {
			[]string{"ok1", "ok2"},
			[]oracle.Answer{listing()},
			[]wrong{
				{listing("ok1"), []string{"PART-1", "STATE-1"}},
				{listing("stranger"), []string{"PART-1"}},
				{unreadable, []string{"ENV-1"}},
				{is404, []string{"BATCH-5", "REQ-1", "STATE-1"}},
				{otherwise, []string{"BATCH-5", "REQ-1", "STATE-1"}},
				{fault, []string{"BATCH-5", "REQ-1", "STATE-1"}},
				{silence, []string{"BATCH-5", "ENV-5", "REQ-1", "STATE-1"}},
				{accepted, []string{"ENV-5", "PART-1"}},
			},
		},
		"one deletable": {
			[]string{"ok1"},
			[]oracle.Answer{listing()},
			[]wrong{
				{listing("ok1"), []string{"PART-1", "STATE-1"}},
				{is400, []string{"REQ-1", "STATE-1"}},
				{is404, []string{"REQ-1", "STATE-1"}},
				{fault, []string{"REQ-1", "STATE-1"}},
				{accepted, []string{"ENV-5"}},
			},
		},
		"one deletable, named twice": {
			[]string{"ok1", "ok1"},
			[]oracle.Answer{listing()},
			[]wrong{
				{listing("ok1"), []string{"PART-1", "STATE-1"}},
				{otherwise, []string{"PART-1", "PART-3"}},
				{silence, []string{"ENV-5", "PART-1", "PART-3"}},
				{accepted, []string{"ENV-5", "PART-1"}},
			},
		},
		"some deletable": {
			[]string{"busy1", "ok1", "none1"},
			[]oracle.Answer{listing("busy1", "none1"), listing("none1", "busy1")},
			[]wrong{
				{listing(), []string{"BATCH-5", "PART-1", "PART-3"}},
				{listing("busy1"), []string{"BATCH-5", "PART-1", "PART-3"}},
				{listing("busy1", "busy1"), []string{"BATCH-5", "PART-1", "PART-3"}},
				{listing("busy1", "none1", "none1"), []string{"PART-1"}},
				{listing("busy1", "none1", "stranger"), []string{"PART-1"}},
				{listing("busy1", "none1", "ok1"), []string{"PART-1", "PART-2"}},
				{listing("ok1"), []string{"BATCH-5", "PART-1", "PART-2", "PART-3"}},
				{unreadable, []string{"ENV-1"}},
				{is404, []string{"BATCH-5", "PART-1", "PART-2"}},
				{is400, []string{"BATCH-5", "PART-1", "PART-2"}},
				{fault, []string{"BATCH-5", "PART-1", "PART-2"}},
				{accepted, []string{"ENV-5", "PART-1"}},
			},
		},
		"duplicates count once": {
			[]string{"ok1", "busy1", "ok1", "busy1"},
			[]oracle.Answer{listing("busy1")},
			[]wrong{
				{listing("busy1", "busy1"), []string{"PART-1"}},
				{listing("busy1", "ok1"), []string{"PART-1", "PART-2"}},
				{is400, []string{"PART-1", "PART-2", "PART-3"}},
			},
		},
		"one missing": {
			[]string{"none1"},
			[]oracle.Answer{is404},
			[]wrong{
				{listing("none1"), []string{"ERR-1"}},
				{listing(), []string{"ERR-1"}},
				{is400, []string{"ERR-1"}},
				{crossed404, []string{"ERR-1"}},
				{crossed400, []string{"ERR-1"}},
				{otherwise, []string{"ERR-1"}},
				{fault, []string{"ERR-1", "REQ-4"}},
				{silence, []string{"ENV-5", "ERR-1"}},
				{accepted, []string{"ENV-5", "ERR-1"}},
			},
		},
		"one missing, named twice": {
			[]string{"none1", "none1"}, []oracle.Answer{is404}, []wrong{{listing("none1"), []string{"ERR-1"}}},
		},
		"one denied": {
			[]string{"busy1"},
			[]oracle.Answer{is400},
			[]wrong{
				{listing("busy1"), []string{"ERR-2"}},
				{listing(), []string{"ERR-2"}},
				{is404, []string{"ERR-2"}},
				{crossed400, []string{"ERR-2"}},
				{otherwise, []string{"ERR-2"}},
				{fault, []string{"ERR-2", "REQ-4"}},
			},
		},
		"several missing": {
			[]string{"none1", "none2"},
			[]oracle.Answer{listing("none1", "none2"), listing("none2", "none1"), is404},
			[]wrong{
				{is400, []string{"ERR-1"}},
				{listing("none1"), []string{"BATCH-5", "PART-1", "PART-3"}},
				{listing(), []string{"BATCH-5", "PART-1", "PART-3"}},
				{unreadable, []string{"ENV-1"}},
				{impertinent, []string{"ERR-1"}},
				{fault, []string{"REQ-4"}},
				{silence, []string{"ENV-5"}},
				{accepted, []string{"ENV-5"}},
			},
		},
		"several denied": {
			[]string{"busy1", "busy2"},
			[]oracle.Answer{listing("busy1", "busy2"), is400},
			[]wrong{
				{is404, []string{"ERR-2"}},
				{listing("busy2"), []string{"BATCH-5", "PART-1", "PART-3"}},
				{otherwise, []string{"ERR-2"}},
			},
		},
		"denied and missing": {
			[]string{"busy1", "none1"},
			[]oracle.Answer{listing("none1", "busy1"), is400, is404},
			[]wrong{
				{crossed404, []string{"ERR-1", "ERR-2"}},
				{otherwise, []string{"ERR-1", "ERR-2"}},
				{listing(), []string{"BATCH-5", "PART-1", "PART-3"}},
			},
		},
		"gone is missing": {
			[]string{"gone"},
			[]oracle.Answer{is404},
			[]wrong{
				{listing(), []string{"ERR-1", "STATE-4"}},
				{is400, []string{"ERR-1", "STATE-4"}},
				{listing("gone"), []string{"ERR-1", "STATE-4"}},
			},
		},
		"gone among others": {
			[]string{"gone", "ok1"},
			[]oracle.Answer{listing("gone")},
			[]wrong{{listing(), []string{"BATCH-5", "PART-1", "PART-3", "STATE-4"}}},
		},
		"gone among missing": {
			[]string{"gone", "none1"},
			[]oracle.Answer{listing("gone", "none1"), is404},
			[]wrong{{listing("gone"), []string{"BATCH-5", "PART-1", "PART-3"}}, {is400, []string{"ERR-1"}}},
		},
		"leaving is as it was, denied or missing": {
			[]string{"leaving"},
			[]oracle.Answer{is400, is404, listing()},
			[]wrong{
				{listing("leaving"), []string{"ERR-1", "STATE-4"}},
				{otherwise, []string{"ERR-1", "STATE-4"}},
			},
		},
		"leaving among others": {
			[]string{"ok1", "leaving"},
			[]oracle.Answer{listing("leaving"), listing()},
			[]wrong{
				{listing("leaving", "leaving"), []string{"PART-1"}},
				{listing("ok1"), []string{"PART-1", "PART-2"}},
				{is404, []string{"BATCH-5", "PART-1", "PART-2"}},
			},
		},
		"leaving among missing": {
			[]string{"none1", "leaving"},
			[]oracle.Answer{listing("leaving", "none1"), listing("none1"), is400, is404},
			[]wrong{{listing("leaving"), []string{"BATCH-5", "PART-1", "PART-3"}}, {otherwise, []string{"ERR-1"}}},
		},
		"open": {
			[]string{"open"},
			[]oracle.Answer{listing(), is404, is400},
			[]wrong{
				{listing("open"), []string{"ERR-1", "ERR-2"}},
				{crossed404, []string{"ERR-2"}},
				{crossed400, []string{"ERR-1"}},
				{otherwise, []string{"ERR-1", "ERR-2"}},
				{fault, []string{"ERR-1", "ERR-2", "REQ-4"}},
			},
		},
		"open, several": {
			[]string{"open", "open2"},
			[]oracle.Answer{listing(), listing("open2"), listing("open2", "open"), is404, is400},
			[]wrong{
				{listing("open", "open"), []string{"PART-1"}},
				{listing("stranger"), []string{"PART-1"}},
				{unreadable, []string{"ENV-1"}},
			},
		},
		"open among others": {
			[]string{"ok1", "open", "gone"},
			[]oracle.Answer{listing("gone"), listing("gone", "open")},
			[]wrong{{listing("open"), []string{"BATCH-5", "PART-1", "PART-3", "STATE-4"}}, {is404, []string{"BATCH-5", "PART-1", "PART-2"}}},
		},
		"odd is missing or refused": {
			[]string{"odd*"},
			[]oracle.Answer{is404, is400, otherwise, impertinent},
			[]wrong{
				{listing(), []string{"REQ-7"}},
				{listing("odd*"), []string{"REQ-7"}},
				{fault, []string{"REQ-7"}},
				{silence, []string{"ENV-5", "REQ-7"}},
			},
		},
		"foreign is missing, or refused for its form": {
			[]string{"foreign"},
			[]oracle.Answer{is404, otherwise, impertinent},
			[]wrong{
				{listing(), []string{"REQ-7"}},
				{crossed400, []string{"ERR-1", "REQ-7"}},
				{is400, []string{"ERR-1", "REQ-7"}},
				{fault, []string{"REQ-7"}},
			},
		},
		"foreign among others": {
			[]string{"ok1", "foreign"},
			[]oracle.Answer{listing("foreign"), otherwise},
			[]wrong{
				{listing(), []string{"PART-1", "PART-3", "REQ-7"}},
				{is404, []string{"BATCH-5", "PART-1", "PART-2", "REQ-7"}},
			},
		},
		"foreign and odd": {[]string{"foreign", "odd*"}, []oracle.Answer{listing("foreign", "odd*"), otherwise, is404, is400}, nil},
		"odd among others": {
			[]string{"ok1", "odd*"},
			[]oracle.Answer{listing("odd*"), otherwise, is404},
			[]wrong{
				{listing(), []string{"PART-1", "PART-3", "REQ-7"}},
				{listing("ok1", "odd*"), []string{"PART-1", "PART-2", "REQ-7"}},
				{unreadable, []string{"ENV-1"}},
				{fault, []string{"REQ-7"}},
				{accepted, []string{"ENV-5", "REQ-7"}},
			},
		},
		"odd among denied": {
			[]string{"odd*", "busy1"},
			[]oracle.Answer{listing("odd*", "busy1"), is404, is400, otherwise},
			[]wrong{
				{listing("busy1"), []string{"PART-1", "PART-3", "REQ-7"}},
				{listing("odd*"), []string{"BATCH-5", "PART-1", "PART-3", "REQ-7"}},
				{fault, []string{"REQ-7"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := oracle.Expect(row.ids, classes(people))
			for _, answer := range row.permitted {
				_, ok := e.Match(answer)
				g.Expect(ok).To(BeTrue(), "%+v, permitted: %s", answer, e)
				g.Expect(e.Broken(answer)).To(BeEmpty(), "%+v", answer)
			}
			for _, wrong := range row.wrong {
				_, ok := e.Match(wrong.answer)
				g.Expect(ok).To(BeFalse(), "%+v", wrong.answer)
				g.Expect(e.Broken(wrong.answer)).To(Equal(wrong.breaks), "%+v", wrong.answer)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	exactly, over := named(100), named(101)
	twice := append(named(100), "id-0")   // more names than the limit, and no more snapshots
	failing := append(named(99), "busy1") // the last of the batch
	tooMany := refusing(400, "INVALID_PARAMETER_EXCEED_LENGTH")
	for name, row := range map[string]struct {
		ids       []string
		permitted []oracle.Answer
		wrong     []wrong
	}{
		"100": {exactly, []oracle.Answer{listing()}, []wrong{
			{tooMany, []string{"BATCH-1", "BATCH-5", "REQ-1", "STATE-1"}},
			{fault, []string{"BATCH-1", "BATCH-5", "REQ-1", "STATE-1"}},
			{silence, []string{"BATCH-1", "BATCH-5", "ENV-5", "REQ-1", "STATE-1"}},
			{listing("id-99"), []string{"BATCH-1", "PART-1", "STATE-1"}},
			{listing("stranger"), []string{"PART-1"}},
		}},
		"99": {named(99), []oracle.Answer{listing()}, []wrong{
			{tooMany, []string{"BATCH-5", "REQ-1", "STATE-1"}}, {listing("id-98"), []string{"PART-1", "STATE-1"}},
		}},
		"100, one denied": {failing, []oracle.Answer{listing("busy1")}, []wrong{
			{listing(), []string{"BATCH-5", "PART-1", "PART-3"}},
			{listing("busy1", "id-0"), []string{"PART-1", "PART-2"}},
			{is400, []string{"BATCH-1", "BATCH-5", "PART-1", "PART-2"}},
		}},
		"101": {over, []oracle.Answer{tooMany, otherwise, impertinent, is404}, []wrong{
			{listing(), []string{"BATCH-2"}},
			{listing("id-100"), []string{"BATCH-2"}},
			{unreadable, []string{"BATCH-2"}},
			{fault, []string{"BATCH-2", "REQ-4"}},
			{silence, []string{"BATCH-2", "ENV-5"}},
		}},
		"101, one of them odd": {append(named(100), "odd*"), []oracle.Answer{tooMany}, []wrong{{listing("odd*"), []string{"BATCH-2"}}}},
		"101, with a duplicate": {twice, []oracle.Answer{listing(), tooMany, otherwise}, []wrong{
			{listing("id-0"), []string{"PART-1", "STATE-1"}}, {fault, []string{"PART-1", "PART-3", "REQ-4"}},
		}},
		"101 and a duplicate": {append(named(101), "id-0"), []oracle.Answer{tooMany}, []wrong{{listing(), []string{"BATCH-2"}}}},
		"100 times one": {slices.Repeat([]string{"ok1"}, 100), []oracle.Answer{listing()}, []wrong{
			{tooMany, []string{"BATCH-1", "PART-1", "PART-3"}},
		}},
		"101 times one missing": {slices.Repeat([]string{"none1"}, 101), []oracle.Answer{is404, tooMany}, []wrong{
			{listing("none1"), []string{"ERR-1"}}, {fault, []string{"ERR-1", "REQ-4"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := oracle.Expect(row.ids, classes(people)) // what people does not have is deletable
			for _, answer := range row.permitted {
				g.Expect(e.Broken(answer)).To(BeEmpty(), "%+v, permitted: %s", answer, e)
			}
			for _, wrong := range row.wrong {
				g.Expect(e.Broken(wrong.answer)).To(Equal(wrong.breaks), "%+v", wrong.answer)
			}
		})
	}
}

func named(count int) []string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprintf("id-%d", i)
	}
	return ids
}

// TestExamples: the answers that openapi.yaml shows for a request are those that the oracle permits, and there is an
// example of each row of the table.
func TestExamples(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	operation := contract.Documented.Paths.Value(contract.Path).Post
	rows := map[string][]string{} // names of examples
	for name, request := range operation.RequestBody.Value.Content[contract.ContentType].Examples {
		of := populationOf(g, request.Value)
		var body struct {
			SnapshotIDs []string `json:"snapshotIds"`
		}
		decode(g, request.Value.Value, &body)
		e := oracle.Expect(body.SnapshotIDs, func(id string) oracle.Class {
			if class, there := of[id]; there {
				return class
			}
			return oracle.Missing
		})
		row := fmt.Sprintf("%d deletable, %d denied, %d missing", len(e.Of(oracle.Deletable)), len(e.Of(oracle.Denied)), len(e.Of(oracle.Missing)))
		rows[row] = append(rows[row], name)

		var shown []oracle.Outcome
		for _, answer := range answersTo(g, operation, name) {
			outcome, ok := e.Match(answer)
			g.Expect(ok).To(BeTrue(), "%s: %+v, permitted: %s", name, answer, e)
			shown = append(shown, outcome)
		}
		g.Expect(shown).To(ConsistOf(e.Permitted), "each way to answer %s", name)
	}
	g.Expect(rows).To(Equal(map[string][]string{
		"2 deletable, 0 denied, 0 missing": {"all-deletable"},
		"1 deletable, 1 denied, 1 missing": {"some-deletable"},
		"1 deletable, 1 denied, 0 missing": {"duplicates"},
		"0 deletable, 0 denied, 1 missing": {"one-missing"},
		"0 deletable, 1 denied, 0 missing": {"one-denied"},
		"0 deletable, 1 denied, 1 missing": {"none-deletable"},
	}))
}

// populationOf reads which snapshots there are when the request of an example is made.
func populationOf(g Gomega, example *openapi3.Example) map[string]oracle.Class {
	var states map[string]string
	decode(g, example.Extensions["x-population"], &states)
	of := map[string]oracle.Class{}
	for id, name := range states {
		state, known := contract.ParseState(name)
		g.Expect(known).To(BeTrue(), name)
		of[id] = oracle.Denied
		if state == contract.Normal {
			of[id] = oracle.Deletable
		}
	}
	return of
}

// answersTo gives the answers that the examples of one name show.
func answersTo(g Gomega, operation *openapi3.Operation, name string) []oracle.Answer {
	var answers []oracle.Answer
	for _, status := range []int{200, 400, 404} {
		example := operation.Responses.Status(status).Value.Content[contract.ContentType].Examples[name]
		if example == nil {
			continue
		}
		var body struct {
			Code     string `json:"code"`
			Response struct {
				SnapshotIDs []string `json:"snapshotIds"`
			} `json:"response"`
		}
		decode(g, example.Value.Value, &body)
		answers = append(answers, oracle.Answer{Status: status, Code: body.Code, Listed: body.Response.SnapshotIDs})
	}
	return answers
}

// decode takes a part of the document for what it is.
func decode(g Gomega, part, into any) {
	text, err := json.Marshal(part)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(json.Unmarshal(text, into)).To(Succeed())
	g.Expect(text).NotTo(BeEquivalentTo("null"), "the example lacks a part")
}

func TestExpectationTellsTheIDs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := oracle.Expect([]string{"busy1", "ok1", "busy1", "none1", "ok1"}, classes(people))
	g.Expect(e.IDs()).To(Equal([]string{"busy1", "ok1", "none1"}))
	g.Expect(e.Failing()).To(Equal([]string{"busy1", "none1"}))
	g.Expect(e.Of(oracle.Deletable)).To(Equal([]string{"ok1"}))
	g.Expect(e.Of(oracle.Odd)).To(BeEmpty())
}

// TestGiven has an expectation worked out anew when it is known what an id stood for.
func TestGiven(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	beforehand := oracle.Expect([]string{"a", "b", "a"}, func(id string) oracle.Class {
		return map[string]oracle.Class{"a": oracle.Denied, "b": oracle.Deletable}[id]
	})
	listed := func(ids ...string) oracle.Answer { return oracle.Answer{Status: 200, Listed: ids} }
	given := beforehand.Given(map[string]oracle.Class{"a": oracle.Leaving})
	for _, answer := range []oracle.Answer{listed(), listed("a")} {
		_, permitted := given.Match(answer)
		g.Expect(permitted).To(BeTrue())
	}
	_, permitted := beforehand.Match(listed())
	g.Expect(permitted).To(BeFalse(), "which has not changed")
	g.Expect(given.IDs()).To(Equal(beforehand.IDs()))
	g.Expect(given.Broken(listed("b"))).NotTo(BeEmpty())
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, outcome := range oracle.Expect([]string{"none1", "busy1"}, classes(people)).Permitted {
		g.Expect(outcome.Refusal()).To(Equal(outcome.Status != 200), outcome.String())
	}
	for status, refused := range map[int]bool{0: false, 200: false, 302: false, 399: false, 400: true, 404: true, 499: true, 500: false} {
		g.Expect(oracle.Refused(oracle.Answer{Status: status})).To(Equal(refused), "%d", status)
	}
}

// TestStatuses: what is neither the success nor a failure may have been carried out, and breaks no rule but the one about
// statuses.
func TestStatuses(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := oracle.Expect([]string{"ok1"}, classes(people))
	for _, status := range []int{100, 199, 201, 302, 399, 600} {
		g.Expect(e.Broken(refusing(status, notFound))).To(Equal([]string{"ENV-5"}), "%d", status)
	}
	for _, status := range []int{400, 404, 499, 500, 599} {
		g.Expect(e.Broken(refusing(status, notFound))).To(Equal([]string{"REQ-1", "STATE-1"}), "%d", status)
	}
}

// TestWords holds what readers of a failure are told.
func TestWords(t *testing.T) {
	t.Parallel()
	for text, ids := range map[string][]string{
		"200, nothing listed [D §1, D §3]":           {"ok1"},
		`200, listed exactly ["busy1"] [D §1, D §3]`: {"ok1", "busy1"},
		"404 " + notFound + " [D §6]":                {"none1"},
		"400 " + denied + " [D §6]":                  {"busy1"},
		"any 4xx with an error envelope [D §1]":      named(101),
		"200, nothing listed [asynchronous]; or 404 " + notFound + " [D §6]; or 400 " + denied + " [D §6]": {"leaving"},
		`200, listed exactly ["none1"] and perhaps of ["leaving"] [D §1, D §3]`:                            {"ok1", "none1", "leaving"},
		"404 " + notFound + " [D §6]; or any 4xx with an error envelope [odd-ids]":                         {"odd*"},
	} {
		NewWithT(t).Expect(oracle.Expect(ids, classes(people)).String()).To(Equal(text))
	}
}

func TestAbbreviate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(oracle.Abbreviate(nil)).To(Equal("[]"))
	g.Expect(oracle.Abbreviate(named(2))).To(Equal(`["id-0" "id-1"]`))
	g.Expect(oracle.Abbreviate(named(6))).To(Equal(`["id-0" "id-1" "id-2" "id-3" "id-4" "id-5"]`))
	g.Expect(oracle.Abbreviate(named(8))).To(Equal(`["id-0" "id-1" "id-2" "id-3" "id-4" … 2 more … "id-7"]`))
}

func BenchmarkExpectAndMatch(b *testing.B) {
	for _, count := range []int{1, contract.MaxBatch} {
		b.Run(fmt.Sprintf("ids=%d", count), func(b *testing.B) {
			ids := named(count)
			classOf := func(id string) oracle.Class { return oracle.Class(len(id) % 2) } // some of each batch are denied
			answer := listing(oracle.Expect(ids, classOf).Failing()...)
			b.ReportAllocs()
			for b.Loop() {
				e := oracle.Expect(ids, classOf)
				e.Match(answer)
			}
		})
	}
}
