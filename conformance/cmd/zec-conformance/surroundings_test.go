package main

import (
	"net"
	"net/http"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// deaf gives a base URL at which nothing listens.
func deaf(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

// An endpoint that answers 429 for ever ends a run in the same way, after half a minute: too long for a test.
func TestBrokenSurroundingsAreNoVerdict(t *testing.T) {
	t.Parallel()
	const (
		base      = "GET " + mock.TestbedPath
		orders    = "POST " + mock.TestbedPath + "/snapshots"
		snapshots = base + "/snapshots/"
	)
	sound := serve(t)
	var first []string
	var once sync.Once

	for name, broken := range map[string]struct {
		bend              []middleware
		endpoint, testbed string // in place of the bent one
		says              []string
	}{
		"nothing at the endpoint": {endpoint: deaf(t), says: []string{"POST http://", contract.Path, "refused", "is --endpoint right?"}},
		"nothing at the testbed":  {testbed: deaf(t), says: []string{"the testbed cannot be asked (GET http://", "refused"}},
		"a testbed program that is not there": {
			testbed: "exec:no-such-bed --x", says: []string{"the testbed program ended (exit status 127); the end of its standard error: ", "no-such-bed"},
		},
		"a testbed program that ends at once": {
			testbed: "exec:printf 'no room\n\033[2J\nleft\n' >&2; exit 3", says: []string{"ended (exit status 3)", "no room; ", "left"},
		},
		"a testbed program that chats": {testbed: "exec:echo ready; cat", says: []string{"wrote a line that is no JSON object: ready"}},
		"a testbed program that gives up": {
			testbed: `exec:read -r line; echo '{"error":"no disk"}'; cat`, says: []string{`answer to {"verb":"states"} is an error: "no disk"`},
		},
		"a testbed at a wrong path": {
			testbed: sound.URL + "/testbed/v2", says: []string{"GET http://", "/testbed/v2", "404"},
		},
		"a testbed that is a web site": {
			bend: []middleware{at(base, text(200, "text/html", "<html>\n<body>hello</body>"))}, says: []string{"GET http://", "is no JSON object", "<html>"},
		},
		"a testbed that fails": {
			bend: []middleware{at(base, text(500, "text/plain", "out of\x1b[2J memory"))}, says: []string{"GET http://", "500", "out of"},
		},
		"a testbed that talks nonsense": {
			bend: []middleware{at(base, text(200, contract.ContentType, `{"states": 7}`))}, says: []string{"GET http://", "states: number is of the wrong type"},
		},
		"a testbed that invents a state": {
			bend: []middleware{at(base, text(200, contract.ContentType, `{"states": ["NORMAL", "ASLEEP"]}`))}, says: []string{"GET http://", "ASLEEP"},
		},
		"too few ids": {
			bend: []middleware{handing(func(ids []string) any { return ids[1:] })}, says: []string{"POST http://", "handed out 15 ids where 16"},
		},
		"no ids": {
			bend: []middleware{handing(func([]string) any { return nil })}, says: []string{"POST http://", "handed out 0 ids"},
		},
		"too many ids": {
			bend: []middleware{handing(func(ids []string) any { return append(ids, "snap-more") })}, says: []string{"POST http://", "ids where 16 were asked for"},
		},
		"an id twice in one answer": {
			bend: []middleware{handing(func(ids []string) any {
				ids[0] = ids[len(ids)-1]
				return ids
			})}, says: []string{"POST http://", "twice"},
		},
		"the same ids in two answers": {
			bend: []middleware{handing(func(ids []string) any {
				once.Do(func() { first = ids })
				return first[:len(ids)]
			})}, says: []string{"POST snapshots", "twice"},
		},
		"ids that are numbers": {
			bend: []middleware{handing(func(ids []string) any { return make([]int, len(ids)) })}, says: []string{"POST http://", "cannot be read"},
		},
		"a testbed without NORMAL": {
			bend: []middleware{at(base, text(200, contract.ContentType, `{"states": ["FAILED"]}`))}, says: []string{"cannot make snapshots in state NORMAL", `its "states"`},
		},
		"a testbed that refuses NORMAL": {
			bend: []middleware{at(orders, text(422, contract.ContentType, `{"error": "no"}`))}, says: []string{"no snapshot in state NORMAL"},
		},
		"a testbed that shows another state": {
			bend: []middleware{at(snapshots, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				id := r.URL.Path[len(mock.TestbedPath+"/snapshots/"):]
				text(200, contract.ContentType, `{"snapshotId": "`+id+`", "state": "FAILED"}`)(w, r, next)
			})}, says: []string{"in state NORMAL as FAILED", "GET snapshots/snap-"},
		},
		"a testbed that forgets": {
			bend: []middleware{at(snapshots, text(404, contract.ContentType, `{}`))}, says: []string{"in state NORMAL as gone", "GET snapshots/snap-"},
		},
		"an endpoint that wants credentials": {
			bend: []middleware{at("POST "+contract.Path, text(401, contract.ContentType, `{"requestId": "T1", "code": "AUTHFAILURE_SIGNATURE_FAILURE", "message": "who?"}`))},
			says: []string{"wants credentials (401 AUTHFAILURE_SIGNATURE_FAILURE)", "none are given", "ZENLAYERCLOUD_ACCESS_KEY_ID", "ZENLAYER_TOKEN"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			target := serve(t, broken.bend...)
			endpoint, testbed := target.URL, target.URL+mock.TestbedPath
			if broken.endpoint != "" {
				endpoint = broken.endpoint
			}
			if broken.testbed != "" {
				testbed = broken.testbed
			}
			got := judge(t, nil, "--endpoint", endpoint, "--testbed", testbed)
			got.complaint(g)
			for _, part := range broken.says {
				g.Expect(got.err).To(ContainSubstring(part))
			}
			g.Expect(last(got.out)).To(Equal("verdict: could not run"))
		})
	}
}
