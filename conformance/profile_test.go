package conformance_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// words gives a profile by silence.
func words(result *report.Report) map[string][]string {
	all := map[string][]string{}
	for _, choice := range result.Profile {
		all[choice.Silence] = choice.Words
	}
	return all
}

func TestTheProfileIsCompleteAndTheSameForEverySeed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var first []report.Choice
	for _, seed := range []int64{1, 2} {
		result := judge(t, mock.NewService(), func(config *conformance.Config) { config.Seed = seed })
		g.Expect(result.Profile).To(HaveLen(len(contract.Silences)))
		for i, choice := range result.Profile {
			silence := contract.Silences[i]
			g.Expect(choice.Silence).To(Equal(silence.ID))
			g.Expect(choice.Question).To(Equal(silence.Question))
			g.Expect(choice.Words).NotTo(BeEmpty(), choice.Silence)
			for _, word := range choice.Words {
				g.Expect(silence.Knows(word)).To(BeTrue(), "%s: %s", choice.Silence, word)
			}
		}
		if first == nil {
			first = result.Profile
		}
		g.Expect(result.Profile).To(Equal(first))
		satisfiesTheSchema(t, result)
	}
}

func TestTheProfileTellsImplementationsApart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	several := []string{"several-missing", "several-denied", "missing-and-denied"}
	usual, other := words(judge(t, mock.NewService(), nil)), words(judge(t, bend(errorsForSeveral), nil))
	for id := range usual {
		g.Expect(other).To(HaveKey(id))
	}
	for _, id := range several {
		g.Expect(usual[id]).To(Equal([]string{"listed"}), id)
	}
	g.Expect(other["several-missing"]).To(Equal([]string{"missing"}))
	g.Expect(other["several-denied"]).To(Equal([]string{"denied"}))
	g.Expect(other["missing-and-denied"]).To(Equal([]string{"missing"}))
	for _, id := range several {
		delete(usual, id)
		delete(other, id)
	}
	g.Expect(other).To(Equal(usual), "in everything else it is the mock")
}

// TestTheProfileHasNothingToSayWithoutAnOccasion runs a check that comes by few of the silences.
func TestTheProfileHasNothingToSayWithoutAnOccasion(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	result := judge(t, mock.NewService(), func(config *conformance.Config) { config.Filter = "ERR-1" })
	g.Expect(result.Profile).To(HaveLen(len(contract.Silences)))
	g.Expect(words(result)["rivals"]).To(BeEmpty())
	g.Expect(words(result)["request-id"]).To(Equal([]string{"usual"}))
	satisfiesTheSchema(t, result)
}

// TestAWrongAnswerIsNoChoice has an implementation answer something that it may not, which is no reading of a silence.
func TestAWrongAnswerIsNoChoice(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	result := judge(t, bend(func(b *bent, c *call) {
		b.pass(c)
		if c.answer.Code == http.StatusOK && len(c.ids) > 1 && !b.deletable(c.ids) {
			c.refuse(http.StatusConflict, contract.WrongValue.Code)
		}
	}), func(config *conformance.Config) { config.Filter = "PART-4" })
	g.Expect(words(result)["several-missing"]).To(BeEmpty())
	g.Expect(result.Verdict).To(Equal(report.NotConformant))
}

// errorsForSeveral answers with an error where none of several snapshots can be deleted.
func errorsForSeveral(b *bent, c *call) {
	normal := b.deletable(c.ids)
	b.pass(c)
	if c.answer.Code != http.StatusOK || normal {
		return
	}
	for _, id := range c.ids {
		if _, there := b.State(id); !there {
			c.refuse(contract.NotFound.Status, contract.NotFound.Code)
			return
		}
	}
	c.refuse(contract.DeniedState.Status, contract.DeniedState.Code)
}

// TestADeletionThatGoesOnMayBeAskedForAgain: nothing says that a snapshot which is still there, and NORMAL, cannot be deleted
// once more; only that two of several callers at the same time ought not to succeed.
func TestADeletionThatGoesOnMayBeAskedForAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	slow := bend(func(b *bent, c *call) {
		going := slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return !b.deletable([]string{id}) })
		null := slices.Contains(c.ids, "") // is what decoding makes of it
		if null || len(going) == 0 || len(c.ids) > contract.MaxBatch || c.request.Header.Get(contract.HeaderAction) != contract.Action {
			b.pass(c)
			return
		}
		listed := slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return slices.Contains(going, id) })
		slices.Sort(listed)
		id := newID()
		c.answer.Header().Set("Content-Type", contract.ContentType)
		_ = json.NewEncoder(c.answer).Encode(map[string]any{ // to memory
			"requestId": id, "response": map[string]any{"requestId": id, "snapshotIds": slices.Compact(listed)},
		})
		time.AfterFunc(150*time.Millisecond, func() {
			for _, id := range going {
				b.Release(id)
			}
		})
	})
	var turn sync.Mutex // nobody sees a snapshot gone before its time
	result := judge(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn.Lock()
		defer turn.Unlock()
		slow.ServeHTTP(w, r)
	}), func(config *conformance.Config) { config.Settle = conformance.DefaultSettle })
	g.Expect(failed(result)).To(Equal([]string{"CONC-2"}))
	g.Expect(result.Verdict).To(Equal(report.Remarks), result.Reason)
	g.Expect(words(result)["named-while-leaving"]).To(Equal([]string{"success"}))
}
