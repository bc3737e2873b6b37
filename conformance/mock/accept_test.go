package mock_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// FuzzBody: whatever body arrives, the answer is of the contract's form and never says that the mock is at fault, and
// what is carried out names the ids that are in the body, and no others.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		``, ` `, `null`, `[]`, `{}`, `{"snapshotIds": ["snap-1", "snap-2"]}`, `{"snapshotIds": ["snap-1"], "snapshotIds": ["snap-2"]}`,
		`{"SnapshotIds": ["snap-1"]}`, `{"snapshotIds": ["snap-1"], "SNAPSHOTIDS": ["snap-2"]}`, `{"snapshotI\u0064s": ["\u0073nap"]}`,
		`{"snapshotIds": ["\ud800"]}`, `{"snapshotIds": [1e400, null]}`, `{"snapshotIds": ["a","a"]} `, `{"snapshotIds": ["a"]}{}`,
		"{\"snapshotIds\": [\"\xff\"]}", `{"snapshotIds": [` + strings.Repeat(`"a",`, contract.MaxBatch) + `"a"]}`, `{"snapshotIds": "a"}`,
		strings.Repeat("[", 20_000), `{"snapshotIds": ["` + strings.Repeat("a", contract.MaxIDLength) + `"]}`, `{"snapshotIds":["a"],"force":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		g := NewWithT(t)
		var named []string
		s := mock.NewService(mock.WithMiddleware(func(next server.StrictHandlerFunc, _ string) server.StrictHandlerFunc {
			return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
				named = request.(server.DeleteSnapshotsRequestObject).Body.SnapshotIds
				return next(ctx, w, r, request)
			}
		}))
		request := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader(string(body)))
		request.Header.Set("Content-Type", contract.ContentType)
		request.Header.Set(contract.HeaderAction, contract.Action)
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)

		g.Expect(recorder.Code).To(BeNumerically("<", 500), recorder.Body.String())
		judgeForm(t, recorder.Result(), recorder.Body.Bytes())
		ids, strict := readStrictly(body)
		if named != nil {
			g.Expect(strict).To(BeTrue(), "%s", body)
			g.Expect(named).To(Equal(ids))
		} else if strict && len(ids) > 0 && len(ids) <= contract.MaxBatch && !slices.ContainsFunc(ids, implausible) {
			t.Errorf("%s is refused: %s", body, recorder.Body)
		}
		if recorder.Code == http.StatusOK {
			var answer api.DeleteSnapshotsResult
			g.Expect(json.Unmarshal(recorder.Body.Bytes(), &answer)).To(Succeed())
			listed := slices.Clone(*answer.Response.SnapshotIds)
			slices.Sort(listed)
			slices.Sort(ids)
			g.Expect(listed).To(Equal(slices.Compact(ids))) // none of them exists
		}
	})
}

func implausible(id string) bool { return id == "" || !contract.PlausibleID(id) }

// readStrictly reads the ids of a body in another way than the mock: a body that is an object of one member, whose name
// is spelled as the contract has it, and whose value is a list of texts. Of members of one name the last counts.
func readStrictly(body []byte) (ids []string, ok bool) {
	var members map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &members) != nil || len(members) != 1 {
		return nil, false
	}
	var values []json.RawMessage
	list, there := members[contract.FieldSnapshotIDs]
	if !there || json.Unmarshal(list, &values) != nil || values == nil {
		return nil, false
	}
	ids = make([]string, len(values))
	for i, value := range values {
		if value[0] != '"' || json.Unmarshal(value, &ids[i]) != nil {
			return nil, false
		}
	}
	return ids, true
}
