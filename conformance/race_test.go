package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// entrant is one request of a race that never was: what it names, when it was asked and answered, in milliseconds, and
// what the answer said.
type entrant struct {
	batch           []string
	asked, answered int
	said            oracle.Answer
}

func won200(listed ...string) oracle.Answer { return oracle.Answer{Status: 200, Listed: listed} }

func refusal(e contract.Error) oracle.Answer { return oracle.Answer{Status: e.Status, Code: e.Code} }

var (
	lost404    = refusal(contract.NotFound)
	lost400    = refusal(contract.DeniedState)
	noAnswer   = oracle.Answer{}
	unreadable = oracle.Answer{Status: 200, Unknown: true}
)

// inventory is a testbed of snapshots a, b, c and so on, behind a prefix, which are gone whenever it is asked.
type inventory struct {
	prefix string
	made   int
}

func (i *inventory) States(context.Context) ([]contract.State, error) { return contract.States, nil }

func (i *inventory) Make(_ context.Context, _ contract.State, count int) (ids []string, err error) {
	for range count {
		ids = append(ids, fmt.Sprintf("%s%c", i.prefix, 'a'+i.made))
		i.made++
	}
	return ids, nil
}

func (i *inventory) Look(_ context.Context, id string) (testbed.Sight, error) {
	return testbed.Sight{ID: id, Gone: true}, nil
}

func (i *inventory) Release(context.Context, string) error { return nil }

// raced gives a suite that knows snapshots a and b, and the race of which the entrants tell, before it is judged.
func raced(t *testing.T, prefix string, secrets []string, entrants []entrant) (*suite, *race) {
	t.Helper()
	s := &suite{journal: newJournal(secrets)}
	s.check.Store(new("a race"))
	ctx, cancel := context.WithCancel(t.Context())
	s.people = population.New(ctx, population.Config{
		Bed: &inventory{prefix: prefix}, Settle: time.Minute,
		Report: func(population.Discrepancy) {}, // what becomes of the snapshots is nobody's business here
		Broken: func(err error) { t.Error(err) },
	})
	if _, err := s.people.Make(ctx, contract.Normal, 2); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		s.people.Release(time.Minute)
	})
	prefixed := func(ids []string) (all []string) {
		for _, id := range ids {
			all = append(all, prefix+id)
		}
		return all
	}
	var batches [][]string
	for _, e := range entrants {
		batches = append(batches, prefixed(e.batch))
	}
	r := newRace(batches, s.people.ClassOf)
	start := time.Now()
	for i, e := range entrants {
		e.said.Listed = prefixed(e.said.Listed)
		x := &target.Exchange{Seq: i + 1, Method: "POST", URL: "http://h/", Body: bodyOf(batches[i])}
		x.Asked = start.Add(time.Duration(e.asked) * time.Millisecond)
		x.Answered = start.Add(time.Duration(e.answered) * time.Millisecond)
		x.Started, x.Ended = x.Asked, x.Answered
		r.answers[i] = &answer{Exchange: x, said: e.said}
	}
	s.settleRace(r)
	return s, r
}

func TestARaceIsJudgedByWhetherAnOrderExplainsIt(t *testing.T) {
	t.Parallel()
	a, ab, ba := []string{"a"}, []string{"a", "b"}, []string{"b", "a"}
	for name, c := range map[string]struct {
		entrants []entrant
		says     string // what is wrong; empty if nothing is
	}{
		"one winner": {entrants: []entrant{{a, 0, 9, lost404}, {a, 0, 9, won200()}, {a, 0, 9, lost404}}},
		"losers are told either of two things": {
			entrants: []entrant{{a, 0, 9, won200()}, {a, 0, 9, lost404}, {a, 0, 9, lost400}},
		},
		"the winner was asked last": {entrants: []entrant{{a, 0, 9, lost404}, {a, 8, 20, won200()}}},
		"two winners": {
			entrants: []entrant{{a, 0, 9, won200()}, {a, 0, 9, won200()}, {a, 0, 9, lost404}}, says: `2 requests say that they have deleted "a"`,
		},
		"two winners one after the other": {
			entrants: []entrant{{a, 0, 3, won200()}, {a, 5, 9, won200()}}, says: `2 requests say that they have deleted "a"`,
		},
		"no winner": {entrants: []entrant{{a, 0, 9, lost404}, {a, 0, 9, lost404}}, says: `nobody deleted "a"`},
		"a loser before anybody could win": {
			entrants: []entrant{{a, 0, 3, lost404}, {a, 5, 9, won200()}}, says: `"a" was refused to a request that was answered before anybody could have deleted it`,
		},
		"batches that each win one": {entrants: []entrant{{ab, 0, 9, won200("b")}, {ba, 0, 9, won200("a")}}},
		"batches of which one wins both": {
			entrants: []entrant{{ab, 0, 9, won200()}, {ba, 0, 9, won200("a", "b")}},
		},
		"batches that both win one, and neither the other": {
			entrants: []entrant{{ab, 0, 9, won200("b")}, {ba, 0, 9, won200("b")}}, says: `2 requests say that they have deleted "a"` + "\n" + `nobody deleted "b"`,
		},
		"a loser that is told a success of nothing": {
			entrants: []entrant{{a, 0, 9, won200()}, {a, 0, 9, won200("a")}}, says: "200, listed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			s, r := raced(t, "", nil, c.entrants)
			s.ExpectExplained(r)
			rule := s.journal.rules["CONC-2"]
			if c.says == "" {
				g.Expect(rule.Failures).To(BeEmpty())
				return
			}
			g.Expect(rule.Failures).To(HaveLen(1))
			g.Expect(rule.Failures[0].What).To(ContainSubstring(c.says))
			for id, rule := range s.journal.rules {
				g.Expect(rule.Broken > 0).To(Equal(id == "CONC-2"), id)
			}
		})
	}
}

// TestWhatIsNotSaidExplainsWhatItCan is about the order alone: that there is no answer, or none that can be read, is a
// failure of its own.
func TestWhatIsNotSaidExplainsWhatItCan(t *testing.T) {
	t.Parallel()
	a := []string{"a"}
	for _, unknown := range []oracle.Answer{noAnswer, unreadable, {Status: 500, Code: "INTERNAL_SERVER_ERROR"}} {
		for name, c := range map[string]struct {
			entrants  []entrant
			explained bool
		}{
			"it has won":                   {[]entrant{{a, 0, 9, unknown}, {a, 0, 9, lost404}, {a, 0, 9, lost404}}, true},
			"it has won, and said so late": {[]entrant{{a, 0, 1, unknown}, {a, 4, 9, lost404}}, true},
			"it has not":                   {[]entrant{{a, 0, 9, unknown}, {a, 0, 9, won200()}, {a, 0, 9, lost404}}, true},
			"it takes effect in the end":   {[]entrant{{a, 0, 1, unknown}, {a, 4, 9, won200()}}, true},
			"nobody knows anything":        {[]entrant{{a, 0, 9, unknown}, {a, 0, 9, unknown}}, true},
			"it was not there yet":         {[]entrant{{a, 0, 3, lost404}, {a, 5, 9, unknown}}, false},
			"it is no excuse":              {[]entrant{{a, 0, 9, unknown}, {a, 0, 9, won200()}, {a, 0, 9, won200()}}, false},
		} {
			t.Run(fmt.Sprint(unknown.Status, " ", name), func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				_, r := raced(t, "", nil, c.entrants)
				g.Expect(porcupine.CheckOperations(snapshotModel, r.history())).To(Equal(c.explained))
			})
		}
	}
}

func TestWhatRacesAndWhatIsAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	classes := map[string]oracle.Class{"a": oracle.Deletable, "b": oracle.Deletable, "n": oracle.Denied, "m": oracle.Missing}
	r := newRace([][]string{{"a", "m", "n"}, {"n", "b", "m"}, {"a", "a"}}, func(id string) oracle.Class { return classes[id] })
	g.Expect(r.contested).To(Equal([]string{"a"}), "only what can be deleted can be fought over, and not by one request alone")
	g.Expect([]bool{r.contends(0), r.contends(1), r.contends(2)}).To(Equal([]bool{true, false, true}))
}

// TestWhoeverIsAloneInARaceIsJudgedAlone has a request that does not contend for anything, and is answered wrongly.
func TestWhoeverIsAloneInARaceIsJudgedAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a, b := []string{"a"}, []string{"b"}
	s, r := raced(t, "", nil, []entrant{{a, 0, 9, won200()}, {a, 0, 9, lost404}, {b, 0, 9, lost404}})
	s.ExpectExplained(r)
	g.Expect(s.journal.rules["CONC-1"].Broken).To(Equal(1))
	g.Expect(s.journal.rules["CONC-2"].Broken).To(BeZero())
}

func TestThePictureOfARaceShowsItAndNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "s3cr<t&"
	g := NewWithT(t)
	a := []string{"a"}
	s, r := raced(t, "snap-"+secret+"-", []string{secret}, []entrant{{a, 0, 9, won200()}, {a, 2, 7, won200()}, {a, 3, 5, lost404}})
	s.ExpectExplained(r)
	g.Expect(s.journal.rules["CONC-2"].Failures).To(HaveLen(1))
	failure := s.journal.rules["CONC-2"].Failures[0]
	g.Expect(failure.Picture).NotTo(BeNil())
	g.Expect(failure.Picture.Name).To(Equal("race-1.html"))
	g.Expect(failure.Picture.MediaType).To(Equal("text/html"))
	g.Expect(strings.ToLower(failure.Picture.Text)).To(And(ContainSubstring("<html"), ContainSubstring("</html>")))
	for _, fortune := range []fortune{won, lost} {
		g.Expect(failure.Picture.Text).To(ContainSubstring(string(fortune)))
	}
	g.Expect(failure.Picture.Text).To(ContainSubstring(target.Redacted))
	g.Expect(strings.Contains(failure.Picture.Text, "s3cr")).To(BeFalse(), "the picture has the secret in it")
	g.Expect(failure.What).NotTo(ContainSubstring("s3cr"))
	g.Expect(failure.Evidence).To(HaveLen(3))
	g.Expect(failure.Evidence).To(HaveEach(HaveField("Curl", Not(ContainSubstring("s3cr")))))
}
