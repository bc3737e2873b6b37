package target_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	list := func(members string) string { return `{"requestId":"T","response":{` + members + `}}` }
	success := func(ids ...string) oracle.Answer { return oracle.Answer{Status: 200, Listed: ids} }
	unknown := oracle.Answer{Status: 200, Unknown: true}
	for name, c := range map[string]struct {
		status int
		body   string
		want   oracle.Answer
	}{
		"list":                     {200, list(`"snapshotIds":["a","b"]`), success("a", "b")},
		"empty list":               {200, list(`"snapshotIds":[]`), success()},
		"null list":                {200, list(`"snapshotIds":null`), success()},
		"no list":                  {200, list(`"requestId":"T"`), success()},
		"more members":             {200, list(`"extra":{"snapshotIds":["x"]},"snapshotIds":["a"]`), success("a")},
		"duplicate member":         {200, list(`"snapshotIds":["a"],"snapshotIds":["b"]`), success("b")},
		"list in another case":     {200, list(`"SnapshotIds":["a"],"snapshotids":["b"]`), success()},
		"empty id":                 {200, list(`"snapshotIds":[""]`), success("")},
		"escaped id":               {200, list(`"snapshotIds":["\u0061"]`), success("a")},
		"text for a list":          {200, list(`"snapshotIds":"a"`), unknown},
		"object for a list":        {200, list(`"snapshotIds":{}`), unknown},
		"number in the list":       {200, list(`"snapshotIds":["a",1]`), unknown},
		"null in the list":         {200, list(`"snapshotIds":["a",null]`), unknown},
		"response in another case": {200, `{"Response":{"snapshotIds":[]}}`, unknown},
		"null response":            {200, `{"response":null}`, unknown},
		"response is a list":       {200, `{"response":[]}`, unknown},
		"list outside":             {200, `{"snapshotIds":["a"]}`, unknown},
		"not JSON":                 {200, `<html>`, unknown},
		"nothing":                  {200, ``, unknown},
		"null":                     {200, `null`, unknown},
		"two objects":              {200, `{}{}`, unknown},
		"byte order mark":          {200, "\ufeff" + list(`"snapshotIds":[]`), unknown},
		"invalid UTF-8":            {200, list("\"snapshotIds\":[\"\xff\"]"), unknown},
		"nested without end":       {200, strings.Repeat("[", 100_000), unknown},
		"error":                    {404, `{"code":"GONE","message":"m"}`, oracle.Answer{Status: 404, Code: "GONE"}},
		"error with a list":        {400, `{"code":"X","response":{"snapshotIds":["a"]}}`, oracle.Answer{Status: 400, Code: "X"}},
		"code in another case":     {404, `{"Code":"GONE","CODE":"GONE"}`, oracle.Answer{Status: 404}},
		"code is a number":         {404, `{"code":404}`, oracle.Answer{Status: 404}},
		"code is null":             {404, `{"code":null}`, oracle.Answer{Status: 404}},
		"code in invalid UTF-8":    {404, "{\"code\":\"GONE\",\"message\":\"\xc3(\"}", oracle.Answer{Status: 404}},
		"error page":               {500, `<html>`, oracle.Answer{Status: 500}},
		"another success":          {201, list(`"snapshotIds":["a"]`), oracle.Answer{Status: 201}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := reached(t, serve(t, saying(c.status, c.body))).Send(t.Context(), target.Request{})
			got := e.Answer()
			if len(got.Listed) == 0 {
				got.Listed = nil
			}
			g.Expect(e.Err).NotTo(HaveOccurred())
			g.Expect(got).To(Equal(c.want))
		})
	}
}

func TestMembersKeepTheirSpelling(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Own", "value")
		_, _ = fmt.Fprint(w, `{"RequestId":"a","requestId":"b","response":{"Code":1,"code":2}}`)
	})
	e := reached(t, base).Send(t.Context(), target.Request{})
	members, ok := e.Members()
	g.Expect(ok).To(BeTrue())
	g.Expect(members).To(And(HaveLen(2), HaveKeyWithValue("requestId", json.RawMessage(`"b"`))))
	inner, ok := e.Response()
	g.Expect(ok).To(BeTrue())
	g.Expect(inner).To(And(HaveLen(1), HaveKeyWithValue("code", json.RawMessage(`2`))))
	g.Expect(e.Header().Get("X-Own")).To(Equal("value"))
}

func TestText(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for member, want := range map[string]string{`"a"`: "a", `" "`: " ", `"\u0061"`: "a"} {
		text, ok := target.Text(json.RawMessage(member))
		g.Expect(ok).To(BeTrue(), member)
		g.Expect(text).To(Equal(want))
	}
	for _, member := range []string{``, `null`, `""`, `1`, `true`, `["a"]`, `{}`, `"a`, `a`} {
		_, ok := target.Text(json.RawMessage(member))
		g.Expect(ok).To(BeFalse(), member)
	}
	_, ok := target.Text(nil)
	g.Expect(ok).To(BeFalse())
}

func TestList(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for member, want := range map[string][]string{``: {}, `null`: {}, `[]`: {}, `["a","","a"]`: {"a", "", "a"}} {
		list, ok := target.List(json.RawMessage(member))
		g.Expect(ok).To(BeTrue(), member)
		g.Expect(list).To(HaveExactElements(want), member)
	}
	for _, member := range []string{`""`, `{}`, `1`, `[1]`, `[null]`, `[["a"]]`, `["a"`, `["a"] x`} {
		_, ok := target.List(json.RawMessage(member))
		g.Expect(ok).To(BeFalse(), member)
	}
}
