package conformance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// judge runs the suite on an implementation in Go that has the mock's testbed.
func judge(t *testing.T, implementation http.Handler, change func(*conformance.Config)) *report.Report {
	t.Helper()
	config := conformance.Config{
		Handler: implementation, Testbed: mock.TestbedPath,
		Seed: 1, Effort: conformance.Quick, Settle: time.Second, Linger: 200 * time.Millisecond,
	}
	if change != nil {
		change(&config)
	}
	result, err := conformance.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func failed(result *report.Report) []string {
	var ids []string
	for _, rule := range result.With(report.Failed) {
		ids = append(ids, rule.ID)
	}
	return ids
}

// keys are credentials that the tests make up.
var keys = signing.Credentials{KeyID: "key", Secret: "c2VjcmV0LW9mLXRlc3Rz"}

// TestWrongImplementationsAreCaught judges implementations that break one rule each by the checks of that rule alone.
func TestWrongImplementationsAreCaught(t *testing.T) {
	for _, wrong := range []struct {
		rule, how string
		serve     func(*bent, *call)
	}{
		{"REQ-1", "refuses what is not spelled on one line", func(b *bent, c *call) {
			if bytes.ContainsRune(c.body, '\n') {
				c.refuse(400, "INVALID_PARAMETER_VALUE")
				return
			}
			b.pass(c)
		}},
		{"REQ-2", "takes null for an empty list", func(b *bent, c *call) {
			if bytes.Contains(c.body, []byte("null}")) {
				b.passIDs(c, []string{"snap-none", "snap-none-either"})
				return
			}
			b.pass(c)
		}},
		{"REQ-3", "passes over members that are no strings", func(b *bent, c *call) {
			var body struct{ SnapshotIDs []any }
			if json.Unmarshal(c.body, &body) == nil {
				c.ids = nil
				for _, member := range body.SnapshotIDs {
					if text, ok := member.(string); ok {
						c.ids = append(c.ids, text)
					}
				}
				if len(c.ids) > 0 {
					b.passIDs(c, c.ids)
					return
				}
			}
			b.pass(c)
		}},
		{"REQ-4", "breaks on an empty body", func(b *bent, c *call) {
			if len(c.body) == 0 {
				c.refuse(500, "INTERNAL_SERVER_ERROR")
				return
			}
			b.pass(c)
		}},
		{"REQ-5", "does not look at the action", func(b *bent, c *call) {
			c.request.Header.Set(contract.HeaderAction, contract.Action)
			b.pass(c)
		}},
		{"REQ-6", "has one code for everything", func(b *bent, c *call) {
			b.pass(c)
			c.edit(func(body map[string]any) {
				if body["code"] == contract.MissingParameter.Code {
					body["code"] = contract.WrongValue.Code
				}
			})
		}},
		{"REQ-7", "folds case", func(b *bent, c *call) {
			for i, id := range c.ids {
				c.ids[i] = strings.ToLower(id)
			}
			if c.ids == nil {
				b.pass(c)
				return
			}
			b.passIDs(c, c.ids)
		}},
		{"REQ-7", "breaks on a quote", func(b *bent, c *call) {
			if slices.ContainsFunc(c.ids, func(id string) bool { return strings.Contains(id, "'") }) {
				c.refuse(500, "INTERNAL_SERVER_ERROR")
				return
			}
			b.pass(c)
		}},
		{"BATCH-1", "refuses 100", func(b *bent, c *call) {
			if len(c.ids) == contract.MaxBatch {
				c.refuse(400, contract.TooMany.Code)
				return
			}
			b.pass(c)
		}},
		{"BATCH-2", "handles the first 100", func(b *bent, c *call) {
			if len(c.ids) > contract.MaxBatch {
				b.passIDs(c, c.ids[:contract.MaxBatch])
				return
			}
			b.pass(c)
		}},
		{"BATCH-3", "counts when the first is deleted", func(b *bent, c *call) {
			b.pass(c)
			if len(c.ids) > contract.MaxBatch && b.deletable(c.ids[:1]) {
				b.Release(c.ids[0])
			}
		}},
		{"BATCH-4", "has another code for too many", func(b *bent, c *call) {
			b.pass(c)
			c.edit(func(body map[string]any) {
				if body["code"] == contract.TooMany.Code {
					body["code"] = contract.WrongValue.Code
				}
			})
		}},
		{"BATCH-5", "forgets the last of 33", func(b *bent, c *call) {
			if len(c.ids) == 33 {
				b.passIDs(c, c.ids[:32])
				return
			}
			b.pass(c)
		}},
		{"STATE-1", "deletes nothing alone", func(b *bent, c *call) {
			if len(c.ids) == 1 && b.deletable(c.ids) {
				b.passIDs(c, b.Create(contract.Normal, 1))
				return
			}
			b.pass(c)
		}},
		{"STATE-2", "deletes what has failed, among others", func(b *bent, c *call) {
			b.pass(c)
			for _, id := range c.ids {
				if len(c.ids) > 1 && b.in("FAILED", id) {
					b.Release(id)
				}
			}
		}},
		{"STATE-3", "lets refused snapshots fail later", func(b *bent, c *call) {
			b.pass(c)
			for _, id := range c.ids {
				if b.in("CREATING", id) {
					time.AfterFunc(50*time.Millisecond, func() { b.shown.Store(id, contract.State("FAILED")) })
				}
			}
		}},
		{"STATE-4", "brings snapshots back", func(b *bent, c *call) {
			normal := b.deletable(c.ids)
			b.pass(c)
			if normal && c.answer.Code == http.StatusOK {
				time.AfterFunc(100*time.Millisecond, func() { b.shown.Store(c.ids[0], contract.Normal) })
			}
		}},
		{"PART-1", "lists ten failures at most", func(b *bent, c *call) {
			b.pass(c)
			c.editList(func(list []string) any { return list[:min(10, len(list))] })
		}},
		{"PART-1", "lists what is named twice twice", func(b *bent, c *call) {
			b.pass(c)
			c.editList(func(list []string) any {
				return slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return !slices.Contains(list, id) })
			})
		}},
		{"PART-2", "stops at the first failure", func(b *bent, c *call) {
			stop := slices.IndexFunc(c.ids, func(id string) bool { return !b.deletable([]string{id}) })
			if stop > 0 && len(c.ids) <= contract.MaxBatch && b.deletable(c.ids) {
				rest := c.ids[stop:]
				b.passIDs(c, c.ids[:stop])
				c.editList(func([]string) any { return slices.Compact(rest) })
				return
			}
			b.pass(c)
		}},
		{"PART-3", "lists what it has deleted", func(b *bent, c *call) {
			normal := slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return !b.deletable([]string{id}) })
			b.pass(c)
			if len(normal) > 2 {
				c.editList(func(list []string) any { return append(list, normal[0]) })
			}
		}},
		{"ENV-1", "lists objects", func(b *bent, c *call) {
			b.pass(c)
			c.editList(func(list []string) any {
				objects := []any{}
				for _, id := range list {
					objects = append(objects, map[string]string{"id": id})
				}
				return objects
			})
		}},
		{"ENV-1", "spells the response with a capital", func(b *bent, c *call) {
			b.pass(c)
			c.edit(func(body map[string]any) {
				if response, ok := body["response"]; ok {
					delete(body, "response")
					body["Response"] = response
				}
			})
		}},
		{"ENV-2", "has another id inside", func(b *bent, c *call) {
			b.pass(c)
			c.edit(func(body map[string]any) {
				if response, ok := body["response"].(map[string]any); ok {
					response["requestId"] = newID()
				}
			})
		}},
		{"ENV-3", "gives errors one id", func(b *bent, c *call) {
			b.pass(c)
			if c.answer.Code != http.StatusOK {
				c.edit(func(body map[string]any) { body["requestId"] = "T0" })
			}
		}},
		{"ENV-4", "has no message", func(b *bent, c *call) {
			b.pass(c)
			c.edit(func(body map[string]any) { delete(body, "message") })
		}},
		{"ENV-5", "answers a batch with 202", func(b *bent, c *call) {
			b.pass(c)
			if c.answer.Code == http.StatusOK && len(c.ids) > 1 {
				c.answer.Code = http.StatusAccepted
			}
		}},
		{"ENV-6", "calls a refusal text", func(b *bent, c *call) {
			b.pass(c)
			if c.answer.Code == http.StatusNotFound {
				c.answer.Header().Set("Content-Type", "text/plain")
			}
		}},
		{"ERR-1", "takes a missing snapshot for a success", func(b *bent, c *call) {
			b.pass(c)
			if c.answer.Code == http.StatusNotFound {
				b.passIDs(c, b.Create(contract.Normal, 1))
			}
		}},
		{"ERR-2", "finds a conflict", func(b *bent, c *call) {
			b.pass(c)
			if strings.Contains(c.answer.Body.String(), contract.DeniedState.Code) {
				c.answer.Code = http.StatusConflict
			}
		}},
		{"ISO-1", "deletes the newest snapshot as well", func(b *bent, c *call) {
			b.pass(c)
			if newest, ok := b.newest.Load().(string); ok && !slices.Contains(c.ids, newest) {
				b.Release(newest)
			}
		}},
		{"CONC-1", "has one answer for calls at the same time", sharesAnswers()},
		{"CONC-2", "tells every rival that it has won", func(b *bent, c *call) {
			normal := slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return !b.deletable([]string{id}) })
			<-time.After(10 * time.Millisecond) // the window between looking and deleting
			b.pass(c)
			if c.answer.Code != http.StatusOK && len(normal) > 0 {
				b.passIDs(c, b.Create(contract.Normal, 1))
			}
			c.editList(func(list []string) any {
				return slices.DeleteFunc(list, func(id string) bool { return slices.Contains(normal, id) })
			})
		}},
		{"AUTH-1", "trusts everybody", func(b *bent, c *call) { b.pass(c) }},
	} {
		t.Run(wrong.rule+" "+wrong.how, func(t *testing.T) {
			g := NewWithT(t)
			result := judge(t, bend(wrong.serve), func(config *conformance.Config) {
				config.Filter = wrong.rule
				config.Credentials = keys
			})
			g.Expect(failed(result)).To(ContainElement(wrong.rule))
			level, _ := contract.RuleByID(wrong.rule)
			if level.Level == contract.Must {
				g.Expect(result.Verdict).To(Equal(report.NotConformant))
			} else {
				g.Expect(result.Verdict).To(Equal(report.Remarks))
			}
		})
	}
}

// sharesAnswers answers a call that comes while another is at work with that one's answer.
func sharesAnswers() func(*bent, *call) {
	last := make(chan *call, 1)
	return func(b *bent, c *call) {
		select {
		case other := <-last:
			b.pass(c)
			c.answer.Body = bytes.NewBuffer(bytes.Clone(other.answer.Body.Bytes()))
		default:
			b.pass(c)
			copied := *c
			select {
			case last <- &copied:
				<-time.After(2 * time.Millisecond)
				select {
				case <-last:
				default:
				}
			default:
			}
		}
	}
}

// TestRightImplementationsAreLeftAlone judges implementations that differ from the mock in what the contract leaves open.
func TestRightImplementationsAreLeftAlone(t *testing.T) {
	for _, right := range []struct {
		how   string
		serve func(*bent, *call)
	}{
		{"takes a while to delete", func(b *bent, c *call) {
			normal := slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return !b.deletable([]string{id}) })
			b.pass(c)
			if c.answer.Code == http.StatusOK {
				for _, id := range normal {
					b.shown.Store(id, contract.Leaving)
					time.AfterFunc(300*time.Millisecond, func() { b.shown.Delete(id) })
				}
			}
		}},
		{"is busy now and then", func(b *bent, c *call) {
			switch b.calls.Load() % 7 {
			case 3:
				c.answer.WriteHeader(http.StatusTooManyRequests)
			case 5:
				c.refuse(503, contract.Unavailable.Code)
			default:
				b.pass(c)
			}
		}},
		{"compresses", func(b *bent, c *call) {
			b.pass(c)
			var packed bytes.Buffer
			writer := gzip.NewWriter(&packed)
			_, _ = writer.Write(c.answer.Body.Bytes()) // to memory
			_ = writer.Close()
			c.answer.Body = &packed
			c.answer.Header().Set("Content-Encoding", "gzip")
		}},
		{"says more than it has to", func(b *bent, c *call) {
			b.pass(c)
			c.answer.Header().Set("content-type", "application/json; charset=UTF-8")
			c.edit(func(body map[string]any) {
				body["snapshotIds"], body["Response"], body["took"] = 7, nil, 1.5
				if response, ok := body["response"].(map[string]any); ok {
					response["code"] = "OK"
				}
			})
		}},
		{"speaks another language", func(b *bent, c *call) {
			b.pass(c)
			c.edit(func(body map[string]any) {
				if _, isError := body["message"]; isError {
					body["message"] = "快照不存在"
				}
			})
		}},
		{"has no list where nothing failed, and any order where something did", func(b *bent, c *call) {
			b.pass(c)
			c.editList(func(list []string) any {
				if len(list) == 0 {
					return nil
				}
				slices.Reverse(list)
				return list
			})
		}},
		{"has an error for several of which none can be deleted", errorsForSeveral},
		{"counts snapshots, not ids", func(b *bent, c *call) {
			distinct := slices.Clone(c.ids)
			slices.Sort(distinct)
			if distinct = slices.Compact(distinct); len(c.ids) > contract.MaxBatch && len(distinct) <= contract.MaxBatch {
				b.passIDs(c, distinct)
				return
			}
			b.pass(c)
		}},
		{"takes an empty list and unknown fields", func(b *bent, c *call) {
			switch {
			case c.ids != nil && len(c.ids) == 0:
				b.passIDs(c, b.Create(contract.Normal, 1))
			case bytes.Contains(c.body, []byte("unknown")):
				b.passIDs(c, c.ids)
			default:
				b.pass(c)
			}
		}},
		{"refuses for reasons of its own", func(b *bent, c *call) {
			b.pass(c)
			if c.answer.Code == http.StatusBadRequest && !strings.Contains(c.answer.Body.String(), contract.DeniedState.Code) {
				c.answer.Code = http.StatusUnprocessableEntity
			}
		}},
	} {
		t.Run(right.how, func(t *testing.T) {
			g := NewWithT(t)
			result := judge(t, bend(right.serve), nil)
			g.Expect(failed(result)).To(BeEmpty())
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
		})
	}
}
