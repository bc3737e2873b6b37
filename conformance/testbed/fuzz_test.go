package testbed

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/inventory"
)

// FuzzList holds that whatever a file says, it is either refused in one line, or lists plausible ids, each once.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		"- {id: a, state: NORMAL}\n- {id: b, state: MISSING}\n", "NORMAL: [a, 007]\nFAILED:\n- f\n", `[{"id":"a","state":"AVAILABLE"}]`,
		`{"NORMAL":["a"],"MISSING":["b"]}`, "NORMAL: &a [a]\nFAILED: *a\n", "&a [*a]", "NORMAL: [!!binary YQ==, ~]", "%YAML 1.2\n---\nNORMAL: [a]\n...\n",
		"? NORMAL\n: - |\n    a\n", "NORMAL: [a]\n---\n", "\ufeffNORMAL: [a]", "\tNORMAL", "a: [b", "{NORMAL: [\"\\e\"]}", "<<: {NORMAL: [a]}", "", "~",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l := newList()
		if err := inventory.Read(bytes.NewReader(text), l.take); err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %q", err)
			}
			return
		}
		count := len(l.Missing)
		for state, ids := range l.IDs {
			count += len(ids)
			for _, id := range ids {
				if l.named[id] != state {
					t.Fatalf("%q in state %s is in state %s", id, state, l.named[id])
				}
			}
		}
		for id := range l.named {
			if !contract.PlausibleID(id) {
				t.Fatalf("%q is no id", id)
			}
		}
		if count != len(l.named) {
			t.Fatalf("%d ids, %d of them different: %v", count, len(l.named), l)
		}
	})
}

// FuzzSeen holds that no answer to a look makes anything else of a snapshot than what the contract's answers say.
func FuzzSeen(f *testing.F) {
	for _, seed := range []string{
		`{"requestId":"T1","response":{"requestId":"T1","snapshotIds":[]}}`, `{"response":{"snapshotIds":["a"]}}`, `{"response":null}`, `null`, `[]`,
		`{"code":"` + contract.NotFound.Code + `","message":"m"}`, `{"code":"` + contract.DeniedState.Code + `"}`, `{"code":1}`, `{"Code":"x"}`, `<html>`, "",
	} {
		for _, status := range []int{200, 204, 302, contract.NotFound.Status, contract.DeniedState.Status, 500} {
			f.Add(status, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, status int, answer []byte) {
		for _, state := range contract.States {
			sight, err := seen("a", state, status, answer)
			switch {
			case err != nil:
			case !json.Valid(answer):
				t.Fatalf("%+v is read from no JSON", sight)
			case sight.ID != "a":
				t.Fatalf("it shows %q", sight.ID)
			case sight.Gone != (status == contract.NotFound.Status), !sight.Gone && status != 200 && status != contract.DeniedState.Status:
				t.Fatalf("status %d shows %+v", status, sight)
			}
		}
	})
}

// FuzzReply holds that nothing that a testbed program writes breaks the adapter, and that nothing is read from it that it
// does not say.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		`{"states":["NORMAL","AVAILABLE"]}`, `{"snapshotIds":["a","b"]}`, `{"cannot":"why"}`, `{"error":"why"}`, `{"error":null}`, `{"gone":true}`,
		`{"snapshotId":"a","state":"NORMAL"}`, `{"Gone":true}`, `{"gone":1}`, `{}`, `[]`, `null`, `ready`, ``, `{"a":`, "\xff", `{"state":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		answer, err := parseReply(line)
		if err != nil {
			return
		}
		s := said{order: []byte(`{}`), reply: answer}
		_, _ = s.states()
		if ids, err := s.made(contract.Normal, 2); err == nil {
			if fault := Handed(ids, 2); fault != nil {
				t.Fatal(fault)
			}
		}
		if sight, err := s.sight("a"); err == nil && !sight.Gone && (sight.ID == "" || sight.State == "") {
			t.Fatalf("it shows %+v", sight)
		}
	})
}
