package rulebook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// exchange is a request, and what the mock answered.
type exchange struct {
	sent   *http.Request
	body   string
	status int
	header http.Header
	answer string
}

// play has a new mock answer an example, and gives what it answered and what became of the snapshots.
func (e example) play() (exchanges []exchange, after []snapshot, err error) {
	kept := store.New(time.Now)
	for _, s := range e.given {
		if err := kept.Add(store.Snapshot{ID: s.id, State: s.state}); err != nil {
			return nil, nil, err
		}
	}
	service := mock.NewService(append([]mock.Option{mock.WithStore(kept)}, e.options...)...)
	exchanges = make([]exchange, len(e.requests))
	var all sync.WaitGroup
	for i, asked := range e.requests {
		if ask := func() { exchanges[i] = asked.ask(service) }; e.atOnce {
			all.Go(ask)
		} else {
			ask()
		}
	}
	all.Wait()
	if e.atOnce { // who of two comes first is a matter of chance
		slices.SortStableFunc(exchanges, func(a, b exchange) int { return cmp.Compare(a.status, b.status) })
	}
	number(exchanges)
	for _, s := range e.given {
		s.state, _ = service.State(s.id) // empty once it is gone
		after = append(after, s)
	}
	return exchanges, after, nil
}

func (r request) ask(service http.Handler) exchange {
	sent := httptest.NewRequest(http.MethodPost, "http://"+contract.Host+contract.Path, strings.NewReader(r.body))
	sent.Header.Set("Content-Type", contract.ContentType)
	sent.Header.Set(contract.HeaderAction, cmp.Or(r.action, contract.Action))
	sent.Header.Set(contract.HeaderVersion, contract.Version)
	recorder := httptest.NewRecorder()
	service.ServeHTTP(recorder, sent)
	return exchange{sent, r.body, recorder.Code, recorder.Header(), recorder.Body.String()}
}

// number puts ids that are always the same in the place of those that the mock has drawn.
func number(exchanges []exchange) {
	for i := range exchanges {
		var envelope struct {
			RequestID string `json:"requestId"`
		}
		if json.Unmarshal([]byte(exchanges[i].answer), &envelope) == nil && envelope.RequestID != "" {
			exchanges[i].answer = strings.ReplaceAll(exchanges[i].answer, envelope.RequestID, fmt.Sprintf("T00000000-0000-4000-8000-%012d", i+1))
		}
	}
}

// write shows an exchange as it goes over the wire, save that JSON is laid out and long lists are cut.
func (x exchange) write(w io.Writer) {
	fmt.Fprintf(w, "```http\n%s %s HTTP/1.1\nHost: %s\n", x.sent.Method, x.sent.URL.Path, x.sent.Host)
	for _, name := range []string{"Content-Type", contract.HeaderAction, contract.HeaderVersion} {
		fmt.Fprintf(w, "%s: %s\n", name, x.sent.Header.Get(name))
	}
	fmt.Fprintf(w, "\n%s\n```\n\n", layOut(x.body))
	fmt.Fprintf(w, "```http\nHTTP/1.1 %d %s\nContent-Type: %s\n\n%s\n```\n\n", x.status, http.StatusText(x.status), x.header.Get("Content-Type"), layOut(x.answer))
}

// inLine are the lists of texts, one text a line.
var inLine = regexp.MustCompile(`\[\s+"[^\[\]{}]*"\s+\]`)

// layOut indents JSON. A list stands in one line, and a long one is cut.
func layOut(body string) string {
	var text bytes.Buffer
	if json.Indent(&text, []byte(body), "", "  ") != nil {
		return strings.TrimSpace(body)
	}
	return strings.TrimSpace(inLine.ReplaceAllStringFunc(text.String(), func(list string) string {
		members := strings.Split(strings.Join(strings.Fields(strings.Trim(list, "[]")), " "), ", ")
		if left := len(members) - 3; left > 3 {
			members = []string{members[0], members[1], fmt.Sprintf("… %d more …", left), members[len(members)-1]}
		}
		return "[" + strings.Join(members, ", ") + "]"
	}))
}

// became says what has come of snapshots, all in one where they have fared alike.
func became(after []snapshot) string {
	fates := map[string][]string{}
	var order []string
	for _, s := range after {
		fate := "gone"
		if s.state != "" {
			fate = "`" + string(s.state) + "`"
		}
		if fates[fate] == nil {
			order = append(order, fate)
		}
		fates[fate] = append(fates[fate], "`"+s.id+"`")
	}
	var parts []string
	for _, fate := range order {
		switch who := fates[fate]; {
		case len(who) == 1:
			parts = append(parts, who[0]+" is "+fate)
		case len(who) > 6:
			parts = append(parts, fmt.Sprintf("all %d are %s", len(who), fate))
		default:
			parts = append(parts, strings.Join(who[:len(who)-1], ", ")+" and "+who[len(who)-1]+" are "+fate)
		}
	}
	return strings.Join(parts, ", ")
}
