package mock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// FuzzCompanions looks for a body that a companion does not answer as the caller's: with a success, or with a mistake under
// a code that the contract has.
func FuzzCompanions(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"diskId": "disk-1", "snapshotName": "a.b", "retentionTime": "2035-02-30T12:00:00Z"}`, `{"retentionTime": "2035-01-31T12:00:60Z"}`,
		`{"snapshotIds": ["x", null], "pageNum": 1.0, "pageSize": 1e2}`, `{"PageNum": 0, "pageNum": 2147483648}`, `{"status": {}, "diskIds": 1}`, `[`, "\xff",
	} {
		f.Add(create, body)
		f.Add(describe, body)
	}
	f.Fuzz(func(t *testing.T, action, body string) {
		if action != create && action != describe {
			t.Skip()
		}
		request := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader(body))
		request.Header.Set("Content-Type", contract.ContentType)
		request.Header.Set(contract.HeaderAction, action)
		got := httptest.NewRecorder()
		mock.NewService().ServeHTTP(got, request)
		if got.Code == http.StatusOK {
			return
		}
		var refused struct {
			Code string `json:"code"`
		}
		if err := json.Unmarshal(got.Body.Bytes(), &refused); err != nil || got.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %q: %d %s", action, body, got.Code, got.Body)
		}
		if _, known := contract.ErrorByCode(refused.Code); !known {
			t.Fatalf("%s %q: no such code: %s", action, body, got.Body)
		}
	})
}
