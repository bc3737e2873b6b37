package mock_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// right adds what call leaves out.
func right(request *http.Request) *http.Request {
	request.Header.Set(contract.HeaderVersion, contract.Version)
	request.Header.Set(contract.HeaderTimestamp, fmt.Sprint(time.Now().Unix()))
	return request
}

func broken(summary callers.Summary) map[string]int {
	times := map[string]int{}
	for _, rule := range summary.Broken {
		times[rule.ID] = rule.Times
	}
	return times
}

func TestExchangesTellWhatTheCallerGotWrong(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	s.send(right(s.call(`{"snapshotIds":["snap-1"]}`)))
	s.send(s.call(`{"snapshotIds":["snap 1"]}`))
	exchanges := s.Exchanges()
	g.Expect(exchanges[0].Breaches).To(BeEmpty())
	g.Expect(exchanges[1].Breaches).To(Equal([]callers.Breach{{Rule: "CALL-5", What: "there is no X-ZC-Version"}, {Rule: "CALL-17", What: `member 1 is "snap 1"`}}))
}

// TestCallersAreCountedUnderTheTestbed: also where the exchanges are forgotten.
func TestCallersAreCountedUnderTheTestbed(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	tell := func() (summary callers.Summary) {
		got := s.send(s.request(http.MethodGet, mock.TestbedPath+mock.CallersPath, nil))
		g.Expect(got.status).To(Equal(http.StatusOK))
		g.Expect(json.Unmarshal(got.text, &summary)).To(Succeed())
		return summary
	}
	g.Expect(tell().Judged).To(BeZero())
	for range 3 {
		s.send(s.call(`{}`))
	}
	g.Expect(tell()).To(Equal(s.Breaches()))
	g.Expect(broken(tell())).To(Equal(map[string]int{"CALL-5": 3, "CALL-11": 3}))

	g.Expect(s.send(s.request(http.MethodPut, mock.TestbedPath+mock.CallersPath, nil)).header.Get("Allow")).To(Equal("DELETE, GET"))
	g.Expect(s.send(s.request(http.MethodDelete, mock.TestbedPath+mock.CallersPath, nil)).status).To(Equal(http.StatusNoContent))
	g.Expect(tell()).To(Equal(callers.Summary{Broken: []callers.Broken{}}))
}

// TestWhatGoesAstrayIsACallToo: but only where it says that it is one.
func TestWhatGoesAstrayIsACallToo(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	for _, path := range []string{"/", "/favicon.ico", contract.Path + "/", mock.TestbedPath + "/nothing"} {
		s.send(s.request(http.MethodGet, path, nil))
	}
	g.Expect(s.Breaches().Judged).To(BeZero())
	request := right(s.call(`{"snapshotIds":["snap-1"]}`))
	request.URL.Path += "/"
	expectRefusal(g, s.send(request), contract.NoResource)
	g.Expect(broken(s.Breaches())).To(Equal(map[string]int{"CALL-1": 1}))
	g.Expect(s.Exchanges()[0].Path).To(Equal(contract.Path + "/"))
}

// TestCompanionsAreJudgedByTheirHeaders: what they may be asked is not in the contract.
func TestCompanionsAreJudgedByTheirHeaders(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	for _, action := range []string{"CreateSnapshot", "DescribeSnapshots"} {
		request := right(s.call(`{"snapshotIds":"snap 1","snapshotName":2}`))
		request.Header.Set(contract.HeaderAction, action)
		s.send(request)
	}
	g.Expect(s.Breaches().Judged).To(Equal(2))
	g.Expect(s.Breaches().Broken).To(BeEmpty())
}

// TestRefusalsAreNoBreach: a right client gets them as well.
func TestRefusalsAreNoBreach(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	denied := s.Create("FAILED", 1)[0]
	expectRefusal(g, s.send(right(s.call(`{"snapshotIds":["snap-missing"]}`))), contract.NotFound)
	expectRefusal(g, s.send(right(s.call(`{"snapshotIds":["`+denied+`"]}`))), contract.DeniedState)
	g.Expect(s.Breaches().Judged).To(Equal(2))
	g.Expect(s.Breaches().Broken).To(BeEmpty())
}

// TestOddWaysOfSendingAreRight: a body in chunks, header names in any case.
func TestOddWaysOfSendingAreRight(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	inChunks := right(s.call(`{"snapshotIds":["snap-1"]}`))
	inChunks.ContentLength, inChunks.Body = -1, io.NopCloser(strings.NewReader(`{"snapshotIds":["snap-1"]}`))
	s.send(inChunks)

	connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	g.Expect(err).NotTo(HaveOccurred())
	defer connection.Close()
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHOST: mock\r\ncontent-TYPE:application/json\r\nx-zc-action:%s\r\nX-Zc-vErSiOn: %s \r\n"+
		"Connection: close\r\nContent-Length: 26\r\n\r\n"+`{"snapshotIds":["snap-1"]}`, contract.Path, contract.Action, contract.Version)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = io.ReadAll(connection)
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(s.Breaches().Judged).To(Equal(2))
	g.Expect(s.Breaches().Broken).To(BeEmpty())
}

// TestWhoDoesNotWaitIsSeen: a caller that asks again as fast as it can.
func TestWhoDoesNotWaitIsSeen(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]struct {
		status int
		code   string
		seen   bool
	}{
		"too fast":       {contract.TooFast.Status, contract.TooFast.Code, true},
		"unavailable":    {contract.Unavailable.Status, contract.Unavailable.Code, true},
		"another 503":    {contract.Unavailable.Status, contract.Internal.Code, false},
		"the own faults": {contract.Internal.Status, contract.Internal.Code, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			s := serve(t, mock.WithAround(func(_ *mock.Service, _ http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(refused.status)
					_, _ = fmt.Fprintf(w, `{"requestId":"r","code":%q,"message":"m"}`, refused.code)
				})
			}))
			ask := func() map[string]int {
				s.send(right(s.call(`{"snapshotIds":["snap-1"]}`)))
				return broken(s.Breaches())
			}
			if refused.seen { // on a busy machine, not every request comes at once
				g.Eventually(ask).WithTimeout(time.Minute).WithPolling(time.Nanosecond).Should(HaveKey("CALL-18"))
				return
			}
			for range 100 {
				g.Expect(ask()).To(BeEmpty())
			}
		})
	}
}
