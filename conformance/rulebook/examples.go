package rulebook

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// example is what a rule comes to in one case: snapshots, and what is asked of the mock about them.
type example struct {
	shows    string // what there is to see, a sentence
	given    []snapshot
	requests []request
	atOnce   bool // the requests are sent at the same time; what is answered with success is shown first
	options  []mock.Option
}

type snapshot struct {
	id    string
	state contract.State
}

type request struct {
	body   string
	action string // empty: the contract's own
}

// Snapshots that examples are about, as openapi.yaml calls them.
const (
	one, other, busy, missing = "snap-5b1f0c7e", "snap-90ad2e64", "snap-c3d8f1a2", "snap-00000000"
)

// examples are one for each rule.
func examples() map[string]example {
	normal := given(contract.Normal, one)
	pair := given(contract.Normal, one, other)
	tooMany := numbered(contract.MaxBatch + 1)
	return map[string]example{
		"REQ-1": documented("all-deletable", "A request as documented."),
		"REQ-2": {shows: "The list is not there.", given: normal, requests: bodies(`{}`)},
		"REQ-3": {
			shows: "One member is a number, and the snapshot beside it stays.", given: normal,
			requests: bodies(fmt.Sprintf(`{"snapshotIds": [%q, 7]}`, one)),
		},
		"REQ-4": {shows: "A list without the object around it.", given: normal, requests: bodies(fmt.Sprintf("[%q]", one))},
		"REQ-5": {shows: "Another action.", given: normal, requests: []request{{body: naming(one), action: "DeleteDisks"}}},
		"REQ-6": {
			shows: "An absent list, and one of the wrong type.", given: normal,
			requests: bodies(`{"snapshotIds": null}`, fmt.Sprintf(`{"snapshotIds": %q}`, one)),
		},
		"REQ-7": {
			shows: "An id in capitals is the id of something else.", given: normal,
			requests: bodies(naming(strings.ToUpper(one))),
		},
		"REQ-8": {shows: "The mock refuses an empty list.", requests: bodies(naming())},
		"REQ-9": {
			shows: "The mock refuses a field that it does not know.", given: normal,
			requests: bodies(fmt.Sprintf(`{"snapshotIds": [%q], "force": true}`, one)),
		},
		"BATCH-1": {
			shows: "As many as one call takes.", given: given(contract.Normal, numbered(contract.MaxBatch)...),
			requests: bodies(naming(numbered(contract.MaxBatch)...)),
		},
		"BATCH-2": {shows: "One more than a call takes.", requests: bodies(naming(tooMany...))},
		"BATCH-3": {
			shows: "All of them could be deleted, and none is.", given: given(contract.Normal, tooMany...),
			requests: bodies(naming(tooMany...)),
		},
		"BATCH-4": {shows: "Half as many again as a call takes.", requests: bodies(naming(numbered(contract.MaxBatch * 3 / 2)...))},
		"BATCH-5": {
			shows: "Each of them is gone or listed.", given: append(given(contract.Normal, one, other), given("FAILED", busy)...),
			requests: bodies(naming(busy, one, missing, other)),
		},
		"BATCH-6": {
			shows: "Few snapshots, each named so often that the list is too long: the mock counts each time.", given: pair,
			requests: bodies(naming(repeated(contract.MaxBatch/2+1, one, other)...)),
		},
		"STATE-1": {shows: "A snapshot goes.", given: normal, requests: bodies(naming(one))},
		"STATE-2": {
			shows: "One in each state.", given: inEachState(),
			requests: bodies(naming(ids(inEachState())...)),
		},
		"STATE-3": {shows: "It is refused, and stays as it was.", given: given("ROLLING_BACK", busy), requests: bodies(naming(busy))},
		"STATE-4": {shows: "Deleted, and named again.", given: normal, requests: bodies(naming(one), naming(one))},
		"PART-1":  documented("some-deletable", "What could not be deleted is listed, and nothing else."),
		"PART-2": {
			shows: "What cannot be deleted stands before, between and behind.", given: append(pair, given("CREATING", busy)...),
			requests: bodies(naming(missing, one, busy, other, "snap-ffffffff")),
		},
		"PART-3": documented("duplicates", "Named twice, listed once."),
		"PART-4": documented("none-deletable", "The mock answers with a success that lists them."),
		"ENV-1":  {shows: "The envelope of a success.", given: normal, requests: bodies(naming(one))},
		"ENV-2":  documented("some-deletable", "One id, in two places."),
		"ENV-3":  {shows: "The same request twice, under two ids.", requests: bodies(naming(missing), naming(missing))},
		"ENV-4":  documented("one-missing", "The envelope of a failure."),
		"ENV-5":  {shows: "A success and a failure.", given: normal, requests: bodies(naming(one), naming())},
		"ENV-6":  documented("one-denied", "What is refused is answered in JSON as well."),
		"ENV-7":  documented("all-deletable", "The mock gives an empty list."),
		"ENV-8":  documented("one-missing", "The mock's ids have this form."),
		"ERR-1":  documented("one-missing", "Nothing has this id."),
		"ERR-2":  documented("one-denied", "Its state forbids it."),
		"ISO-1":  {shows: "The one that is not named is left alone.", given: pair, requests: bodies(naming(one))},
		"CONC-1": {shows: "Two calls at the same time.", given: pair, requests: bodies(naming(one), naming(other, missing)), atOnce: true},
		"CONC-2": {shows: "Two calls at the same time about one snapshot, the winner first.", given: normal, requests: bodies(naming(one), naming(one)), atOnce: true},
		"AUTH-1": {
			shows: "Without a signature, where one is asked for.", given: normal, requests: bodies(naming(one)),
			options: []mock.Option{door.Option(door.Config{
				Policy: door.ZC2, Keys: []door.Key{{Credentials: signing.Credentials{KeyID: "me", Secret: "not-a-secret"}}},
			})},
		},
	}
}

// documented takes request and snapshots from an example of openapi.yaml.
func documented(name, shows string) example {
	e := example{shows: shows}
	found := contract.Documented.Paths.Value(contract.Path).Post.RequestBody.Value.Content[contract.ContentType].Examples[name].Value
	var named struct {
		IDs []string `json:"snapshotIds"`
	}
	var states map[string]contract.State
	decode(found.Value, &named)
	decode(found.Extensions["x-population"], &states)
	for _, id := range distinct(named.IDs) {
		if state, there := states[id]; there {
			e.given = append(e.given, snapshot{id, state})
		}
	}
	e.requests = bodies(naming(named.IDs...))
	return e
}

// decode takes a part of the embedded document, which is what a test has it be.
func decode(from, into any) {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic(err)
	}
}

func given(state contract.State, ids ...string) []snapshot {
	var made []snapshot
	for _, id := range ids {
		made = append(made, snapshot{id, state})
	}
	return made
}

func inEachState() []snapshot {
	var made []snapshot
	for i, state := range contract.States {
		made = append(made, given(state, numbered(len(contract.States))[i])...)
	}
	return made
}

func ids(made []snapshot) []string {
	var named []string
	for _, s := range made {
		named = append(named, s.id)
	}
	return named
}

// numbered gives ids that a reader can count.
func numbered(count int) []string {
	named := make([]string, count)
	for i := range named {
		named[i] = fmt.Sprintf("snap-%08d", i+1)
	}
	return named
}

func repeated(times int, ids ...string) []string {
	var named []string
	for range times {
		named = append(named, ids...)
	}
	return named
}

func distinct(ids []string) []string {
	var once []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			once = append(once, id)
		}
		seen[id] = true
	}
	return once
}

func bodies(texts ...string) []request {
	var made []request
	for _, text := range texts {
		made = append(made, request{body: text})
	}
	return made
}

// naming is the body of a request for ids.
func naming(ids ...string) string {
	text, err := json.Marshal(map[string][]string{contract.FieldSnapshotIDs: append([]string{}, ids...)})
	if err != nil {
		panic(err) // strings always encode
	}
	return string(text)
}
