// Package outside is somebody else's module: an implementation of its own, on the generated server stub, and a Go test
// that has it judged. Nothing here needs a port, a process or the testbed protocol.
package outside

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// TestContract judges the service below. OUTSIDE_BROKEN makes it break the contract, to show what comes of that, and
// OUTSIDE_KNOWN names a list of failures that are known of.
func TestContract(t *testing.T) {
	s := &service{states: map[string]api.SnapshotState{}, careless: os.Getenv("OUTSIDE_BROKEN") != ""}
	conformance.Test(t, conformance.Config{
		Handler:  s.handler(),
		Bed:      bed{s},
		Effort:   conformance.Quick,
		Baseline: os.Getenv("OUTSIDE_KNOWN"),
		Linger:   10 * time.Millisecond, // a service that does nothing behind its callers' backs needs no long last look
	})
}

// TestMock judges another implementation in the same test binary; this one speaks the testbed protocol.
func TestMock(t *testing.T) {
	conformance.Test(t, conformance.Config{
		Handler: mock.NewService(),
		Testbed: mock.TestbedPath,
		Effort:  conformance.Quick,
		Linger:  10 * time.Millisecond,
	})
}

// service keeps snapshots in memory.
type service struct {
	careless bool // deletes whatever the state

	mu     sync.Mutex
	states map[string]api.SnapshotState // by id
}

var _ server.StrictServerInterface = (*service)(nil)

// DeleteSnapshots is the whole of the business. The rest of this file connects it.
func (s *service) DeleteSnapshots(
	_ context.Context, request server.DeleteSnapshotsRequestObject,
) (server.DeleteSnapshotsResponseObject, error) {
	ids := request.Body.SnapshotIds
	if len(ids) > contract.MaxBatch {
		return server.DeleteSnapshots400JSONResponse(failure(api.CodeInvalidParameterExceedLength, "too many snapshots")), nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // a snapshot that is named twice counts as one

	s.mu.Lock()
	defer s.mu.Unlock()
	left := []string{}
	for _, id := range ids {
		if state, there := s.states[id]; there && (state == api.Normal || s.careless) {
			delete(s.states, id)
		} else {
			left = append(left, id)
		}
	}
	if len(ids) == 1 && len(left) == 1 { // alone, it has an error of its own
		if state, there := s.states[left[0]]; there {
			return server.DeleteSnapshots400JSONResponse(failure(api.CodeDeniedSnapshotStatus, "it is "+string(state))), nil
		}
		return server.DeleteSnapshots404JSONResponse(failure(api.CodeSnapshotNotFound, "there is no such snapshot")), nil
	}
	result := api.DeleteSnapshotsResult{RequestId: rand.Text()}
	result.Response.RequestId, result.Response.SnapshotIds = result.RequestId, &left
	return server.DeleteSnapshots200JSONResponse(result), nil
}

func failure(code api.ErrorCode, message string) api.Failure {
	return api.Failure{RequestId: rand.Text(), Code: string(code), Message: message}
}

// handler puts the service on the generated stub, whose own way to answer a mistake is a page of text.
func (s *service) handler() http.Handler {
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
		answer(w, 400, api.CodeInvalidParameterValue, err.Error())
	}
	fail := func(w http.ResponseWriter, _ *http.Request, err error) {
		answer(w, 500, api.CodeInternalServerError, err.Error())
	}
	strict := server.NewStrictHandlerWithOptions(s, nil, server.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  refuse,
		ResponseErrorHandlerFunc: fail,
	})
	return server.HandlerWithOptions(strict, server.StdHTTPServerOptions{
		Middlewares:      []server.MiddlewareFunc{onlyAsDocumented},
		ErrorHandlerFunc: refuse,
	})
}

// onlyAsDocumented refuses what the stub would let pass: another action, and text after or null within the list.
func onlyAsDocumented(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if action := r.Header.Get(contract.HeaderAction); action != contract.Action {
			answer(w, 403, api.CodeAuthUnauthorizedOperation, "there is no such action")
			return
		}
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		var body map[string]json.RawMessage
		if err != nil || !utf8.Valid(text) || json.Unmarshal(text, &body) != nil {
			answer(w, 400, api.CodeInvalidParameterValue, "the body has to be a JSON object")
			return
		}
		list, present := body[contract.FieldSnapshotIDs]
		if !present || string(list) == "null" {
			answer(w, 400, api.CodeMissingParameter, "snapshotIds is required")
			return
		}
		var ids []*string
		if json.Unmarshal(list, &ids) != nil || slices.Contains(ids, nil) {
			answer(w, 400, api.CodeInvalidParameterType, "snapshotIds has to be an array of strings")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, code api.ErrorCode, message string) {
	w.Header().Set("Content-Type", contract.ContentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(failure(code, message)) // if that fails, the caller has gone
}

// bed lets the suite make snapshots and look at them, past the action that it judges.
type bed struct{ *service }

var _ testbed.Bed = bed{}

func (b bed) States(context.Context) ([]contract.State, error) { return contract.States, nil }

func (b bed) Make(_ context.Context, state contract.State, count int) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprintf("disk.%s", strings.ToLower(rand.Text()))
		b.states[ids[i]] = api.SnapshotState(state)
	}
	return ids, nil
}

func (b bed) Look(_ context.Context, id string) (testbed.Sight, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state, there := b.states[id]
	return testbed.Sight{ID: id, State: contract.State(state), Gone: !there}, nil
}

func (b bed) Release(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.states, id)
	return nil
}
