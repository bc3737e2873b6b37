package desk_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
)

// secret is what nobody may read anywhere.
const secret = "hunter2hunter2"

func quoted(text string) string { return strconv.Quote(text) }

// watched is a mock with a desk before it, on a loopback port.
type watched struct {
	*mock.Service
	t    *testing.T
	url  string
	stop func()
}

func serve(t *testing.T, config desk.Config, options ...mock.Option) watched {
	t.Helper()
	d := desk.New(config)
	service := mock.NewService(append(options, mock.WithControl(desk.ExchangesPath, d.Exchanges))...)
	server := httptest.NewServer(d.Around(service, service))
	t.Cleanup(server.Close)
	return watched{service, t, server.URL, server.Close}
}

// blaming finds that every caller does something wrong, in these words.
func blaming(what func(x *mock.Exchange) string) mock.Option {
	return mock.WithObserver(func(x *mock.Exchange) {
		x.Breaches = []callers.Breach{{Rule: contract.CallerRules[0].ID, What: what(x)}, {Rule: contract.CallerRules[4].ID, What: "this as well"}}
	})
}

// answer is what came back, read to the end.
type answer struct {
	status int
	header http.Header
	text   string
}

func (w watched) send(method, path, body string, header map[string]string) answer {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request) // a redirect is an answer
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

func (w watched) get(path string) answer {
	w.t.Helper()
	return w.send(http.MethodGet, path, "", nil)
}

// form sends a form as a browser without scripts does.
func (w watched) form(path, body string) answer {
	w.t.Helper()
	return w.send(http.MethodPost, path, body, map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"})
}

// call sends a request to the API.
func (w watched) call(body string, more map[string]string) answer {
	w.t.Helper()
	header := map[string]string{"Content-Type": contract.ContentType, contract.HeaderAction: contract.Action}
	for name, value := range more {
		header[name] = value
	}
	return w.send(http.MethodPost, contract.Path, body, header)
}

func (w watched) delete(ids ...string) answer {
	w.t.Helper()
	var list []string
	for _, id := range ids {
		list = append(list, quoted(id))
	}
	return w.call(fmt.Sprintf(`{"snapshotIds": [%s]}`, strings.Join(list, ", ")), map[string]string{contract.HeaderVersion: contract.Version})
}

// state is that of a snapshot; empty where there is none.
func (w watched) state(id string) contract.State {
	state, _ := w.State(id)
	return state
}
