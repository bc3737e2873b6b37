package mock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// TestRefusesMalformedBodies names a snapshot that could be deleted wherever the form leaves room for it.
func TestRefusesMalformedBodies(t *testing.T) {
	t.Parallel()
	var tooMany strings.Builder
	for i := range contract.MaxBatch + 1 {
		fmt.Fprintf(&tooMany, `"snap-%d",`, i)
	}
	for name, row := range map[string]struct {
		body string
		want contract.Error
	}{
		"empty":             {``, contract.WrongValue},
		"blank":             {" \n", contract.WrongValue},
		"not JSON":          {`snapshotIds=ID`, contract.WrongValue},
		"cut short":         {`{"snapshotIds": ["ID"`, contract.WrongValue},
		"trailing comma":    {`{"snapshotIds": ["ID",]}`, contract.WrongValue},
		"trailing bracket":  {`{"snapshotIds": ["ID"]}}`, contract.WrongValue},
		"a second value":    {`{"snapshotIds": ["ID"]} {"snapshotIds": ["ID"]}`, contract.WrongValue},
		"byte order mark":   {"\ufeff" + `{"snapshotIds": ["ID"]}`, contract.WrongValue},
		"invalid UTF-8":     {"{\"snapshotIds\": [\"ID\", \"\xff\"]}", contract.WrongValue},
		"nested too deeply": {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), contract.WrongValue},

		"null":         {`null`, contract.WrongType},
		"an array":     {`["ID"]`, contract.WrongType},
		"a string":     {`"ID"`, contract.WrongType},
		"a number":     {`1`, contract.WrongType},
		"false":        {`false`, contract.WrongType},
		"deep array":   {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), contract.WrongType},
		"empty object": {`{}`, contract.MissingParameter},

		"null ids":           {`{"snapshotIds": null}`, contract.MissingParameter},
		"ids misspelled":     {`{"SnapshotIds": ["ID"]}`, contract.MissingParameter},
		"a null after a lot": {`{"snapshotIds": ["ID"], "snapshotIds": null}`, contract.MissingParameter},

		"ids a string":           {`{"snapshotIds": "ID"}`, contract.WrongType},
		"ids an object":          {`{"snapshotIds": {"0": "ID"}}`, contract.WrongType},
		"ids a number":           {`{"snapshotIds": 1}`, contract.WrongType},
		"ids a huge number":      {`{"snapshotIds": 1e400}`, contract.WrongType},
		"ids a truth":            {`{"snapshotIds": true}`, contract.WrongType},
		"a member a number":      {`{"snapshotIds": ["ID", 1]}`, contract.WrongType},
		"a member null":          {`{"snapshotIds": ["ID", null]}`, contract.WrongType},
		"a member an array":      {`{"snapshotIds": [["ID"]]}`, contract.WrongType},
		"a member deeply nested": {`{"snapshotIds": ["ID",` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `]}`, contract.WrongType},
		"a member an object":     {`{"snapshotIds": [{"id": "ID"}]}`, contract.WrongType},

		"no ids":                     {`{"snapshotIds": []}`, contract.TooFew},
		"too many ids":               {`{"snapshotIds": [` + tooMany.String() + `"ID"]}`, contract.TooMany},
		"too many, one of them null": {`{"snapshotIds": [` + tooMany.String() + `null]}`, contract.WrongType},
		"too many, one of them odd":  {`{"snapshotIds": [` + tooMany.String() + `"*"]}`, contract.TooMany},
		"an unknown member":          {`{"snapshotIds": ["ID"], "force": true}`, contract.WrongValue},

		"an empty id":       {`{"snapshotIds": ["ID", ""]}`, contract.WrongPattern},
		"a blank id":        {`{"snapshotIds": ["ID", " "]}`, contract.WrongPattern},
		"a wildcard":        {`{"snapshotIds": ["*", "ID"]}`, contract.WrongPattern},
		"a padded id":       {`{"snapshotIds": ["ID\n"]}`, contract.WrongPattern},
		"half a character":  {`{"snapshotIds": ["ID", "\ud800"]}`, contract.WrongPattern},
		"a long id":         {`{"snapshotIds": ["ID", "` + strings.Repeat("a", contract.MaxIDLength+1) + `"]}`, contract.WrongPattern},
		"an unknown script": {`{"snapshotIds": ["ID", "снимок"]}`, contract.WrongPattern},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			id := s.Create(contract.Normal, 1)[0]
			expectRefusal(g, s.send(s.call(strings.ReplaceAll(row.body, "ID", id))), row.want)
			g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
		})
	}
}

// TestNamedTwice shows that what is checked is what is done.
func TestNamedTwice(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	ids := s.Create(contract.Normal, 3)
	body := fmt.Sprintf(`{"snapshotIds": [%q, %q], "snapshotIds": [%q]}`, ids[0], ids[1], ids[2])
	expectSuccess(g, s.send(s.call(body)))
	g.Expect(s.states(ids...)).To(Equal([]contract.State{contract.Normal, contract.Normal, ""}))

	expectSuccess(g, s.send(s.call(fmt.Sprintf(`{"snapshotIds": [1], "snapshotIds": [%q]}`, ids[1]))))
	g.Expect(s.states(ids...)).To(Equal([]contract.State{contract.Normal, "", ""}))
}

func TestRefusesOtherHeaders(t *testing.T) {
	t.Parallel()
	unsupported := contract.WrongValue
	unsupported.Status = http.StatusUnsupportedMediaType
	for name, row := range map[string]struct {
		header string
		values []string
		want   contract.Error
	}{
		"no action":              {contract.HeaderAction, nil, contract.MissingParameter},
		"empty action":           {contract.HeaderAction, []string{""}, contract.UnknownAction},
		"another action":         {contract.HeaderAction, []string{"DescribeDisks"}, contract.UnknownAction},
		"the action's case":      {contract.HeaderAction, []string{strings.ToLower(contract.Action)}, contract.UnknownAction},
		"the action twice":       {contract.HeaderAction, []string{contract.Action, contract.Action}, contract.UnknownAction},
		"two actions":            {contract.HeaderAction, []string{contract.Action, "CreateSnapshot"}, contract.UnknownAction},
		"actions in one header":  {contract.HeaderAction, []string{contract.Action + "," + contract.Action}, contract.UnknownAction},
		"no content type":        {"Content-Type", nil, unsupported},
		"another content type":   {"Content-Type", []string{"text/plain"}, unsupported},
		"a form":                 {"Content-Type", []string{"application/x-www-form-urlencoded"}, unsupported},
		"a broken content type":  {"Content-Type", []string{contract.ContentType + "; charset"}, unsupported},
		"a timestamp in words":   {contract.HeaderTimestamp, []string{"now"}, contract.WrongValue},
		"two timestamps":         {contract.HeaderTimestamp, []string{"1", "2"}, contract.WrongValue},
		"a timestamp too large":  {contract.HeaderTimestamp, []string{"99999999999999999999"}, contract.WrongValue},
		"two versions":           {contract.HeaderVersion, []string{contract.Version, contract.Version}, contract.WrongValue},
		"two signature methods":  {contract.HeaderSignatureMethod, []string{"a", "b"}, contract.WrongValue},
		"two callers in one row": {contract.HeaderRequestClient, []string{"a", "b"}, contract.WrongValue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			id := s.Create(contract.Normal, 1)[0]
			request := s.call(fmt.Sprintf(`{"snapshotIds": [%q]}`, id))
			request.Header.Del(row.header)
			for _, value := range row.values {
				request.Header.Add(row.header, value)
			}
			expectRefusal(g, s.send(request), row.want)
			g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
		})
	}
}

func TestIgnoresCommonHeaders(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	request := s.call(fmt.Sprintf(`{"snapshotIds": [%q]}`, s.Create(contract.Normal, 1)[0]))
	for header, value := range map[string]string{
		"Content-Type":                 strings.ToUpper(contract.ContentType) + "; charset=utf-8",
		contract.HeaderVersion:         "1999-01-01",
		contract.HeaderTimestamp:       "0",
		contract.HeaderSignatureMethod: "ROT13",
		contract.HeaderService:         contract.ServiceName,
		contract.HeaderRequestClient:   "50% off, to-day",
		contract.HeaderAuthorization:   "Bearer nonsense",
		"Accept":                       "text/html",
		"X-Unknown":                    "x",
	} {
		request.Header.Set(header, value)
	}
	expectSuccess(g, s.send(request))
}

func TestTakesTheGeneratedClient(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	client, err := api.NewClientWithResponses(s.url, api.WithHTTPClient(s.client))
	g.Expect(err).NotTo(HaveOccurred())
	params := &api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}

	done, err := client.DeleteSnapshotsWithResponse(t.Context(), params,
		api.DeleteSnapshotsRequest{SnapshotIds: append(s.Create(contract.Normal, 1), missing)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*done.JSON200.Response.SnapshotIds).To(Equal([]string{missing}))

	refused, err := client.DeleteSnapshotsWithResponse(t.Context(), params,
		api.DeleteSnapshotsRequest{SnapshotIds: []string{missing}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(refused.JSON404.Code).To(Equal(contract.NotFound.Code))
}

func TestRefusesOtherMethods(t *testing.T) {
	t.Parallel()
	for _, method := range []string{
		http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "post", "BREW",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			id := s.Create(contract.Normal, 1)[0]
			request := s.call(fmt.Sprintf(`{"snapshotIds": [%q]}`, id))
			request.Method = method
			got := s.send(request)
			expectError(g, got, http.StatusMethodNotAllowed, contract.UnknownAction.Code)
			g.Expect(got.header.Get("Allow")).To(Equal(http.MethodPost))
			g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
		})
	}
	t.Run(http.MethodHead, func(t *testing.T) {
		t.Parallel()
		g, s := NewWithT(t), serve(t)
		got := s.send(s.request(http.MethodHead, contract.Path, nil))
		g.Expect(got.status).To(Equal(http.StatusMethodNotAllowed))
		g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
		g.Expect(got.text).To(BeEmpty())
	})
}

func TestOtherPathsAreNeitherServedNorRedirected(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/",
		"//",
		contract.Path + "/",
		"/" + contract.Path,
		strings.ToUpper(contract.Path),
		strings.Replace(contract.Path, "/", "/./", 1),
		strings.Replace(contract.Path, "/", "/x/../", 1),
		"/" + strings.ReplaceAll(contract.Path[1:], "/", "%2F"),
		contract.Path[:len(contract.Path)-1] + fmt.Sprintf("%%%X", contract.Path[len(contract.Path)-1]),
		contract.Path + "%00",
		mock.TestbedPath + "s",
		"/favicon.ico",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			id := s.Create(contract.Normal, 1)[0]
			body := fmt.Sprintf(`{"snapshotIds": [%q]}`, id)
			request := s.request(http.MethodPost, path, strings.NewReader(body))
			request.Header = s.call(body).Header
			expectError(g, s.send(request), http.StatusNotFound, string(api.CodeOperationFailedResourceNotFound))
			g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
		})
	}
}

func TestRefusesAnEndlessBody(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	id := s.Create(contract.Normal, 1)[0]
	for _, size := range []int{1 << 20, 8 << 20} {
		body := fmt.Sprintf(`{"snapshotIds": [%q]}`, id) + strings.Repeat(" ", size)
		expectError(g, s.send(s.call(body)), http.StatusRequestEntityTooLarge, contract.TooMany.Code)
	}
	g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
}

// TestOfAVeryLongListTheBeginningIsLookedAt: what is wrong about each member would take far more room than the list.
func TestOfAVeryLongListTheBeginningIsLookedAt(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	list := func(member, last string) string {
		return `{"snapshotIds": [` + strings.Repeat(member+",", 100_000) + last + `]}`
	}
	expectRefusal(g, s.send(s.call(list("1", "1"))), contract.WrongType)
	expectRefusal(g, s.send(s.call(list(`"a"`, "1"))), contract.TooMany)
}

// TestWhatIsRepeatedIsBounded: also such that the code of a long answer is on record.
func TestWhatIsRepeatedIsBounded(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	for _, name := range []string{"k", `\u0001`, "€"} {
		got := s.send(s.call(`{"snapshotIds": ["a"], "` + strings.Repeat(name, 100_000) + `": 1}`))
		expectRefusal(g, got, contract.WrongValue)
		g.Expect(len(got.text)).To(BeNumerically("<", mock.MaxKept))
	}
	for _, x := range s.Exchanges() {
		g.Expect(x.Code()).To(Equal(contract.WrongValue.Code))
	}
}

// TestRefusesABrokenBody sends chunks that no client of net/http would.
func TestRefusesABrokenBody(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	got := s.sendRaw(strings.Join([]string{
		"POST " + contract.Path + " HTTP/1.1", "Host: mock", "Content-Type: " + contract.ContentType,
		contract.HeaderAction + ": " + contract.Action, "Transfer-Encoding: chunked", "", "no number\r\n",
	}, "\r\n"))
	expectRefusal(g, got, contract.WrongValue)
}

func (s service) sendRaw(text string) answer {
	s.t.Helper()
	return exchangeRaw(s.t, strings.TrimPrefix(s.url, "http://"), text)
}

func exchangeRaw(t *testing.T, address, text string) answer {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return exchangeOver(t, connection, text)
}

// exchangeOver sends a text over a connection, and closes that.
func exchangeOver(t *testing.T, connection net.Conn, text string) answer {
	t.Helper()
	defer connection.Close()
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

// instead puts something in the place of the store.
func instead(of func(http.ResponseWriter) (any, error)) server.StrictMiddlewareFunc {
	return func(server.StrictHandlerFunc, string) server.StrictHandlerFunc {
		return func(_ context.Context, w http.ResponseWriter, _ *http.Request, _ any) (any, error) { return of(w) }
	}
}

func TestItsOwnFaultsAreInternalErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(http.ResponseWriter) (any, error){
		"a panic":             func(http.ResponseWriter) (any, error) { panic("out of order") },
		"a panic by an error": func(http.ResponseWriter) (any, error) { panic(errors.New("out of order")) },
		"an error":            func(http.ResponseWriter) (any, error) { return nil, errors.New("out of order") },
		"a strange answer":    func(http.ResponseWriter) (any, error) { return "out of order", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t, mock.WithMiddleware(instead(fault)))
			expectRefusal(g, s.delete(missing), contract.Internal)
			expectRefusal(g, s.delete(missing), contract.Internal) // and it is still there
		})
	}
}

func TestAPanicAfterAnAnswerHasBegunBreaksTheConnection(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(http.ResponseWriter){
		"by its status": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"by its body":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, "{") },
		"and is on its way": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
		},
		"not at all, but is aborted": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t, mock.WithMiddleware(instead(func(w http.ResponseWriter) (any, error) {
				begin(w)
				panic("out of order")
			})))
			response, err := s.client.Do(s.call(`{"snapshotIds": ["` + missing + `"]}`))
			if err == nil {
				_, err = io.ReadAll(response.Body)
				g.Expect(response.Body.Close()).To(Succeed())
			}
			g.Expect(err).To(HaveOccurred())
		})
	}
}
