package mock_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// service is a mock behind a real connection.
type service struct {
	*mock.Service
	t      *testing.T
	url    string
	client *http.Client
}

func serve(t *testing.T, changes ...mock.Option) service {
	t.Helper()
	m := mock.NewService(changes...)
	listening := httptest.NewServer(m)
	t.Cleanup(listening.Close)
	client := listening.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return service{Service: m, t: t, url: listening.URL, client: client}
}

// answer is what came back, read to the end.
type answer struct {
	status int
	header http.Header
	text   []byte
}

func (s service) request(method, path string, body io.Reader) *http.Request {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return request
}

func (s service) send(request *http.Request) answer {
	s.t.Helper()
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, text}
}

// call is a request as the contract has it, with any body.
func (s service) call(body string) *http.Request {
	s.t.Helper()
	request := s.request(http.MethodPost, contract.Path, strings.NewReader(body))
	request.Header.Set("Content-Type", contract.ContentType)
	request.Header.Set(contract.HeaderAction, contract.Action)
	return request
}

func (s service) delete(ids ...string) answer {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{contract.FieldSnapshotIDs: ids})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(s.call(string(body)))
}

func (s service) states(ids ...string) []contract.State {
	states := make([]contract.State, len(ids))
	for i, id := range ids {
		states[i], _ = s.State(id)
	}
	return states
}

// decodeStrictly fails on a member that is not expected.
func decodeStrictly(g Gomega, text []byte, into any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	g.Expect(decoder.Decode(into)).To(Succeed(), string(text))
	g.Expect(decoder.More()).To(BeFalse())
}

// expectSuccess judges a whole answer and returns its request id.
func expectSuccess(g Gomega, got answer, left ...string) string {
	g.Expect(got.status).To(Equal(http.StatusOK), string(got.text))
	g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
	var body struct {
		RequestID string `json:"requestId"`
		Response  struct {
			RequestID   string   `json:"requestId"`
			SnapshotIDs []string `json:"snapshotIds"`
		} `json:"response"`
	}
	decodeStrictly(g, got.text, &body)
	g.Expect(contract.UsualRequestID(body.RequestID)).To(BeTrue(), body.RequestID)
	g.Expect(body.Response.RequestID).To(Equal(body.RequestID))
	g.Expect(body.Response.SnapshotIDs).To(Equal(append([]string{}, left...))) // an empty list, and not null
	return body.RequestID
}

// expectError judges a whole answer and returns its request id.
func expectError(g Gomega, got answer, status int, code string) string {
	g.Expect(got.status).To(Equal(status), string(got.text))
	g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
	var body struct {
		RequestID string `json:"requestId"`
		Code      string `json:"code"`
		Message   string `json:"message"`
	}
	decodeStrictly(g, got.text, &body)
	g.Expect(contract.UsualRequestID(body.RequestID)).To(BeTrue(), body.RequestID)
	g.Expect(body.Code).To(Equal(code), body.Message)
	g.Expect(body.Message).NotTo(BeEmpty())
	return body.RequestID
}

func expectRefusal(g Gomega, got answer, want contract.Error) string {
	return expectError(g, got, want.Status, want.Code)
}
