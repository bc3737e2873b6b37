package oracle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
)

// kind is what an id is found to be, in the words of the contract's table.
type kind string

const (
	deletable kind = "deletable"
	forbidden kind = "denied"
	missing   kind = "missing"
)

// table is the contract's, written out a second time: by how many distinct ids can be deleted and how many cannot, it
// tells whether a success is permitted that lists the latter, and whether an error is that fits one of them.
var table = []struct {
	deletable, failing func(int) bool
	list, error        bool
}{
	{some, none, true, false},
	{some, some, true, false},
	{none, one, false, true},
	{none, several, true, true},
}

func none(n int) bool    { return n == 0 }
func one(n int) bool     { return n == 1 }
func some(n int) bool    { return n >= 1 }
func several(n int) bool { return n >= 2 }

// byTable gives what the table permits, as texts like those of said. It shares no code with the oracle.
func byTable(found map[string]kind) []string {
	count := map[kind]int{}
	failing := []string{}
	for id, kind := range found {
		count[kind]++
		if kind != deletable {
			failing = append(failing, id)
		}
	}
	var permitted []string
	for _, row := range table {
		if !row.deletable(count[deletable]) || !row.failing(len(failing)) {
			continue
		}
		if row.list {
			slices.Sort(failing)
			permitted = append(permitted, "200 listing "+strings.Join(failing, " "))
		}
		if row.error && some(count[missing]) {
			permitted = append(permitted, "404 "+notFound)
		}
		if row.error && some(count[forbidden]) {
			permitted = append(permitted, "400 "+denied)
		}
	}
	return permitted
}

// said spells an answer so that two are told apart by it if the table tells them apart.
func said(a oracle.Answer) string {
	switch {
	case a.Status == 200 && a.Unknown:
		return "200 listing who knows what"
	case a.Status == 200:
		return "200 listing " + strings.Join(slices.Sorted(slices.Values(a.Listed)), " ")
	}
	return fmt.Sprint(a.Status, " ", a.Code)
}

// byTableForAll gives what the table permits, by what the ids stand for. One whose deletion goes on is found as it was,
// denied or, if it is over by then, missing, and so is one that nobody knows: what is permitted for any of these is permitted,
// for each such id apart.
func byTableForAll(of map[string]oracle.Class) map[string]bool {
	foundAs := map[oracle.Class]kind{
		oracle.Deletable: deletable, oracle.Denied: forbidden,
		oracle.Missing: missing, oracle.Gone: missing, oracle.Odd: missing, oracle.Foreign: missing,
	}
	found := map[string]kind{}
	var leaving []string
	for id, class := range of {
		if class == oracle.Leaving || class == oracle.Open {
			leaving = append(leaving, id)
		} else {
			found[id] = foundAs[class]
		}
	}
	permitted := map[string]bool{}
	everyWord(len(leaving), []kind{deletable, forbidden, missing}, func(word []kind) {
		for i, id := range leaving {
			found[id] = word[i]
		}
		for _, answer := range byTable(found) {
			permitted[answer] = true
		}
	})
	return permitted
}

// TestEveryOrder goes through every list of up to five ids of the table's kinds, in any order, any of them repeated.
func TestEveryOrder(t *testing.T) {
	t.Parallel()
	lists := 0
	everyList(5, func(ids []string, distinct int) {
		everyWord(distinct, []oracle.Class{oracle.Deletable, oracle.Denied, oracle.Missing}, func(word []oracle.Class) {
			lists++
			holdAgainstTable(t, ids, word)
		})
	})
	NewWithT(t).Expect(lists).To(Equal(3 + 12 + 57 + 309 + 1866))
}

// TestEveryClass goes through every multiset of up to five ids of any class.
func TestEveryClass(t *testing.T) {
	t.Parallel()

	multisets := 0
	everyMultiset(5, everyClass, func(ids []string, word []oracle.Class) {
		multisets++
		holdAgainstTable(t, ids, word)
	})
	NewWithT(t).Expect(multisets).To(Equal(8 + 44 + 192 + 726 + 2464))
}

// TestEveryState goes through every multiset of up to five ids of snapshots in any state, or of none.
func TestEveryState(t *testing.T) {
	t.Parallel()
	const noSnapshot = contract.State("")
	standsFor := func(state contract.State) oracle.Class {
		switch state {
		case contract.Normal:
			return oracle.Deletable
		case noSnapshot:
			return oracle.Missing
		}
		return oracle.Denied
	}
	multisets := 0
	everyMultiset(5, append(slices.Clone(contract.States), noSnapshot), func(ids []string, states []contract.State) {
		multisets++
		word := make([]oracle.Class, len(states))
		for i, state := range states {
			word[i] = standsFor(state)
		}
		holdAgainstTable(t, ids, word)
	})
	NewWithT(t).Expect(multisets).To(Equal(6 + 27 + 98 + 315 + 918))
}

// holdAgainstTable tries every answer that could be thought of to a request. The word has the class of each distinct id.
func holdAgainstTable(t *testing.T, ids []string, word []oracle.Class) {
	t.Helper()
	distinct := names[:len(word)]
	of := map[string]oracle.Class{}
	for i, id := range distinct {
		of[id] = word[i]
	}
	e := oracle.Expect(ids, classes(of))
	permitted := byTableForAll(of)
	for i, answer := range plausible[len(distinct)] {
		want := permitted[spelled[len(distinct)][i]] || mayRefuse(word, answer)
		if _, got := e.Match(answer); got != want {
			t.Fatalf("%v of %v: %+v: permitted: %v, by the table: %v", ids, of, answer, got, want)
		}
		broken := e.Broken(answer)
		if want != (len(broken) == 0) {
			t.Fatalf("%v of %v: %+v: permitted: %v, breaks %v", ids, of, answer, want, broken)
		}
		for _, rule := range broken {
			if known, ok := contract.RuleByID(rule); !ok || known.Level != contract.Must {
				t.Fatalf("%v of %v: %+v: %s is no rule that must be kept", ids, of, answer, rule)
			}
		}
	}
}

// mayRefuse tells whether an answer refuses a request for ids that nobody has handed out: any 4xx will do where one could
// not be an id at all, and else any but one that says what is the matter with a snapshot.
func mayRefuse(word []oracle.Class, answer oracle.Answer) bool {
	about := answer.Code == notFound || answer.Code == denied
	return answer.Status >= 400 && answer.Status <= 499 &&
		(slices.Contains(word, oracle.Odd) || slices.Contains(word, oracle.Foreign) && !about)
}

var everyClass = []oracle.Class{oracle.Deletable, oracle.Denied, oracle.Missing, oracle.Gone, oracle.Leaving, oracle.Odd, oracle.Foreign, oracle.Open}

var names = []string{"a", "b", "c", "d", "e"}

// plausible are the answers to be told apart, by how many distinct ids a request has: the successes list each of these
// not at all, once or twice, and a stranger or none.
var plausible = func() [][]oracle.Answer {
	answers := make([][]oracle.Answer, len(names)+1)
	for distinct := range answers {
		answers[distinct] = []oracle.Answer{
			is404, is400, otherwise, crossed404, crossed400, impertinent, fault, silence, unreadable, accepted,
			refusing(404, ""), refusing(400, ""), refusing(400, strings.ToLower(denied)), refusing(409, denied),
			refusing(500, notFound), refusing(503, denied), refusing(599, ""), refusing(600, ""),
			refusing(100, ""), refusing(200, notFound), refusing(204, ""), refusing(302, notFound), refusing(399, ""), refusing(499, ""),
		}
		everyWord(distinct, []int{0, 1, 2}, func(times []int) {
			list := []string{}
			for i, id := range names[:distinct] {
				list = append(list, slices.Repeat([]string{id}, times[i])...)
			}
			answers[distinct] = append(answers[distinct], listing(list...), listing(append([]string{"stranger"}, list...)...))
		})
	}
	return answers
}()

// spelled are the same answers as texts.
var spelled = func() [][]string {
	texts := make([][]string, len(plausible))
	for distinct, answers := range plausible {
		for _, answer := range answers {
			texts[distinct] = append(texts[distinct], said(answer))
		}
	}
	return texts
}()

// everyList goes through the lists of up to a length of names, which are numbered by their first use.
func everyList(longest int, do func(ids []string, distinct int)) {
	var grow func(ids []string, distinct int)
	grow = func(ids []string, distinct int) {
		if len(ids) > 0 {
			do(ids, distinct)
		}
		for next := 0; next <= distinct && len(ids) < longest; next++ {
			grow(append(slices.Clone(ids), names[next]), max(distinct, next+1))
		}
	}
	grow(nil, 0)
}

// everyWord goes through the words of a length over an alphabet.
func everyWord[T any](length int, alphabet []T, do func([]T)) {
	if length == 0 {
		do(nil)
		return
	}
	everyWord(length-1, alphabet, func(word []T) {
		for _, letter := range alphabet {
			do(append(slices.Clone(word), letter))
		}
	})
}

// everyMultiset goes through the multisets of up to a size of ids that each are of some sort: of the lists that differ
// in the order of their ids, or in which id is which, it takes one.
func everyMultiset[T comparable](largest int, sorts []T, do func(ids []string, word []T)) {
	everyList(largest, func(ids []string, distinct int) {
		if !slices.IsSorted(ids) {
			return
		}
		everyWord(distinct, sorts, func(word []T) {
			roles := make([]string, distinct)
			for i, sort := range word {
				times := strings.Count(strings.Join(ids, ""), names[i])
				roles[i] = fmt.Sprint(times, slices.Index(sorts, sort))
			}
			if slices.IsSorted(roles) {
				do(ids, word)
			}
		})
	})
}
