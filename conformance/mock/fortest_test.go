package mock_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

var (
	_ mock.T = (*testing.T)(nil)
	_ mock.T = (*testing.B)(nil)
	_ mock.T = GinkgoTInterface(nil)
)

// fake is a test of somebody else's, which may fail.
type fake struct {
	cleanups              []func()
	logged, errors, fatal []string
}

func (f *fake) Helper()           {}
func (f *fake) Cleanup(do func()) { f.cleanups = append(f.cleanups, do) }
func (f *fake) Logf(format string, args ...any) {
	f.logged = append(f.logged, fmt.Sprintf(format, args...))
}

func (f *fake) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func (f *fake) Fatalf(format string, args ...any) {
	f.fatal = append(f.fatal, fmt.Sprintf(format, args...))
}

func (f *fake) end() {
	for _, do := range slices.Backward(f.cleanups) {
		do()
	}
}

var deletion = &api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}

// deleteAll is a client that is under test: it deletes in batches, and takes what is missing for deleted.
func deleteAll(ctx context.Context, client *api.ClientWithResponses, ids []string) (left []string, err error) {
	for batch := range slices.Chunk(ids, contract.MaxBatch) {
		answer, err := client.DeleteSnapshotsWithResponse(ctx, deletion, api.DeleteSnapshotsRequest{SnapshotIds: batch})
		switch {
		case err != nil:
			return nil, err
		case answer.JSON200 != nil:
			if failed := answer.JSON200.Response.SnapshotIds; failed != nil {
				left = append(left, *failed...)
			}
		case answer.JSON404 == nil || answer.JSON404.Code != string(api.CodeSnapshotNotFound):
			return nil, fmt.Errorf("the answer is %s", answer.Status())
		}
	}
	return left, nil
}

func TestDeleteAll(t *testing.T) {
	m := mock.New(t)
	ids := append(m.Given(contract.Normal, 150), m.Given("FAILED", 1)...)
	left, err := deleteAll(t.Context(), m.Client(), ids)
	if err != nil || len(left) != 1 {
		t.Errorf("left %v, error %v", left, err)
	}
	if _, there := m.State(ids[0]); there {
		t.Errorf("%s is still there", ids[0])
	}
	if asked := len(m.Exchanges()); asked != 2 {
		t.Errorf("it took %d requests", asked)
	}
}

// TestReadmeShowsATest: what the README shows of a test with the mock is a test that runs.
func TestReadmeShowsATest(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	read := func(path string) string {
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		return string(text)
	}
	shown := regexp.MustCompile("(?s)```go\n(func TestDeleteAll.*?)```").FindStringSubmatch(read("../../README.md"))
	g.Expect(shown).To(HaveLen(2))
	g.Expect(read("fortest_test.go")).To(ContainSubstring(shown[1]))
}

// ExampleNew has a client that is right.
func ExampleNew() {
	var t fake // in place of *testing.T
	m := mock.New(&t)
	id := m.Given(contract.Normal, 1)[0]
	answer, err := m.Client().DeleteSnapshotsWithResponse(context.Background(), deletion, api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
	if err != nil {
		panic(err)
	}
	_, there := m.State(id)
	fmt.Println(answer.StatusCode(), there, len(m.Exchanges()))
	t.end()
	fmt.Println(len(t.errors))
	// Output:
	// 200 false 1
	// 0
}

func TestClientsAreRight(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]api.ClientOption{
		"as it comes":    func(*api.Client) error { return nil },
		"signed":         signing.Credentials{KeyID: "key", Secret: "secret"}.Option(),
		"with a token":   signing.Credentials{Token: "token"}.Option(),
		"over a default": api.WithHTTPClient(http.DefaultClient),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, m := NewWithT(t), mock.New(t)
			client := m.Client(change)
			older := api.Version20240401
			for _, params := range []*api.DeleteSnapshotsParams{deletion, {XZCAction: api.ActionDeleteSnapshots, XZCVersion: &older}} {
				ids := m.Given(contract.Normal, 2)
				answer, err := client.DeleteSnapshotsWithResponse(t.Context(), params, api.DeleteSnapshotsRequest{SnapshotIds: ids})
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(answer.StatusCode()).To(Equal(http.StatusOK))
			}
			g.Expect(m.Breaches().Judged).To(Equal(2))
			g.Expect(m.Exchanges()[0].Header().Get(contract.HeaderVersion)).To(Equal(contract.Version))
			g.Expect(m.Exchanges()[1].Header().Get(contract.HeaderVersion)).To(BeEquivalentTo(older), "the call's own word counts")
		})
	}
}

// post sends a body with the least that the mock takes.
func post(g Gomega, m *mock.Mock, body string) {
	request, err := http.NewRequest(http.MethodPost, m.URL()+contract.Path, strings.NewReader(body))
	g.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", contract.ContentType)
	request.Header.Set(contract.HeaderAction, contract.Action)
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	g.Expect(err).NotTo(HaveOccurred())
}

func TestWhoBreaksARuleFails(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var test fake
	m := mock.New(&test)
	post(g, m, `{"snapshotIds":["snap-1"]}`)
	post(g, m, `{"snapshotIds":[]}`)
	g.Expect(test.errors).To(BeEmpty(), "there is more to come")
	test.end()
	g.Expect(test.fatal).To(BeEmpty())
	g.Expect(test.errors).To(ConsistOf(`the client breaks rules for callers (what it has to break, mock.Tolerate lets it break):
CALL-5 SHOULD, broken by 2 of 2 requests: One X-ZC-Version names a version of the API that is in use. [S]
  exchange 1, POST /api/v2/zec DeleteSnapshots "{\"snapshotIds\":[\"snap-1\"]}": there is no X-ZC-Version
  exchange 2, POST /api/v2/zec DeleteSnapshots "{\"snapshotIds\":[]}": there is no X-ZC-Version
CALL-14 SHOULD, broken by 1 of 2 requests: A call names at least one snapshot. [D §2; else by luck: empty-list]
  exchange 2, POST /api/v2/zec DeleteSnapshots "{\"snapshotIds\":[]}": the list is empty
`))
}

func TestWhatIsToleratedFailsNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options        []mock.Option
		errors, logged []string // in each, what it says
	}{
		"both":         {[]mock.Option{mock.Tolerate("CALL-5"), mock.Tolerate("CALL-14")}, nil, nil},
		"one":          {[]mock.Option{mock.Tolerate("CALL-14")}, []string{"CALL-5 SHOULD"}, nil},
		"and another":  {[]mock.Option{mock.Tolerate("CALL-5", "CALL-14", "CALL-2")}, nil, []string{"CALL-2"}},
		"all":          {[]mock.Option{mock.TolerateAll()}, nil, nil},
		"none, a list": {[]mock.Option{mock.Tolerate()}, []string{"CALL-5 SHOULD"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var fake fake
			m := mock.New(&fake, test.options...)
			post(g, m, `{"snapshotIds":[]}`)
			fake.end()
			for i, texts := range [][]string{fake.errors, fake.logged} {
				said := [][]string{test.errors, test.logged}[i]
				g.Expect(texts).To(HaveLen(len(said)))
				for j, text := range texts {
					g.Expect(text).To(ContainSubstring(said[j]))
				}
			}
			g.Expect(m.Breaches().Broken).To(HaveLen(2), "what is tolerated is counted")
		})
	}
}

func TestToleratingWhatIsNoRuleIsAMistake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var test fake
	mock.New(&test, mock.Tolerate("CALL-5", "BATCH-2"))
	test.end()
	g.Expect(test.fatal).To(ConsistOf("mock.Tolerate: there is no rule BATCH-2 for callers"))
}

func TestAMockIsGoneWhenItsTestIsOver(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var test fake
	m := mock.New(&test)
	_, err := m.Client().DeleteSnapshots(t.Context(), deletion, api.DeleteSnapshotsRequest{SnapshotIds: []string{missing}})
	g.Expect(err).NotTo(HaveOccurred())
	test.end()
	g.Expect(test.errors).To(BeEmpty())
	_, err = http.Get(m.URL())
	g.Expect(err).To(HaveOccurred())
}

// TestMocksShareNothing: many at a time, each with what its own test did.
func TestMocksShareNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var tests sync.WaitGroup
	for range 20 {
		tests.Go(func() {
			var test fake
			m := mock.New(&test)
			ids := m.Given(contract.Normal, 5)
			var calls sync.WaitGroup
			for _, id := range ids {
				calls.Go(func() {
					answer, err := m.Client().DeleteSnapshotsWithResponse(t.Context(), deletion, api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(answer.StatusCode()).To(Equal(http.StatusOK))
				})
			}
			calls.Wait()
			g.Expect(m.Exchanges()).To(HaveLen(len(ids)))
			test.end()
			g.Expect(test.errors).To(BeEmpty())
		})
	}
	tests.Wait()
}

// TestWhatIsAnsweredIsOnRecord: who has an answer to its end finds the exchange, however long the answer is and however it
// comes.
func TestWhatIsAnsweredIsOnRecord(t *testing.T) {
	t.Parallel()
	short := `{"snapshotIds":["snap-1"]}`
	long := make([]string, contract.MaxBatch) // none of which there is, so that all come back
	for i := range long {
		long[i] = fmt.Sprintf(`"%0*d"`, contract.MaxIDLength, i)
	}
	for name, body := range map[string]string{"short": short, "long": `{"snapshotIds":[` + strings.Join(long, ",") + `]}`} {
		for protocol, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				m := mock.NewService()
				listening := httptest.NewUnstartedServer(m)
				listening.EnableHTTP2 = http2
				listening.StartTLS()
				t.Cleanup(listening.Close)
				s := service{Service: m, t: t, url: listening.URL, client: listening.Client()}
				for i := range 30 {
					request := right(s.call(body))
					response, err := s.client.Do(request)
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(response.Proto).To(Equal(protocol))
					text, err := io.ReadAll(response.Body)
					found := m.Exchanges()
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(response.Body.Close()).To(Succeed())
					g.Expect(found).To(HaveLen(i + 1))
					g.Expect(found[i].Answer).To(Equal(text))
					g.Expect(m.Breaches().Judged).To(Equal(i + 1))
				}
				g.Expect(m.Breaches().Broken).To(BeEmpty())
			})
		}
	}
}

// TestGinkgo has a mock in a spec of Ginkgo's.
func TestGinkgo(t *testing.T) {
	g := NewWithT(t)
	RegisterFailHandler(Fail)
	RunSpecs(t, "a client's specs")
	g.Expect(inGinkgo).To(BeTrue())
}

var inGinkgo bool

var _ = It("deletes a snapshot", func(ctx SpecContext) {
	m := mock.New(GinkgoT())
	id := m.Given(contract.Normal, 1)[0]
	answer, err := m.Client().DeleteSnapshotsWithResponse(ctx, deletion, api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
	Expect(err).NotTo(HaveOccurred())
	Expect(answer.StatusCode()).To(Equal(http.StatusOK))
	inGinkgo = true
}, NodeTimeout(time.Minute))

// BenchmarkNew is what a mock costs a test.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		var test fake
		m := mock.New(&test)
		_, err := m.Client().DeleteSnapshotsWithResponse(b.Context(), deletion, api.DeleteSnapshotsRequest{SnapshotIds: m.Given(contract.Normal, 1)})
		if test.end(); err != nil || len(test.errors) > 0 {
			b.Fatal(err, test.errors)
		}
	}
}
