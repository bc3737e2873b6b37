package desk_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// envelope expects an error of the contract's form.
func (a answer) envelope(g *WithT, status int, code string) {
	g.Expect(a.status).To(Equal(status), a.text)
	g.Expect(a.header.Get("Content-Type")).To(Equal(contract.ContentType))
	g.Expect(a.text).To(MatchRegexp(`^{"code":"` + code + `","message":"[^"]+","requestId":"T[^"]+"}\n$`))
}

func TestWhatIsNotTheDesksIsTheMocks(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	for _, path := range []string{
		"//", "/index.html", "/favicon.ico/", "/healthz/", "/desk", "/desk/", "/desk/page.html", "/desk/live.js/", "/desk/../desk/live.js", "/desk/%6Cive.js",
		"/desk/exchanges/", "/desk/exchanges/x", "/desk/exchanges/1", "/desk/exchanges/99999999999999999999", "/desk/snapshots",
	} {
		w.get(path).envelope(g, http.StatusNotFound, contract.NoResource.Code)
	}
	for _, path := range []string{"/", "/healthz", "/desk/live.js", "/desk/exchanges/1"} {
		w.send(http.MethodPost, path, "{}", nil).envelope(g, http.StatusNotFound, contract.NoResource.Code)
		w.send("BREW", path, "", nil).envelope(g, http.StatusNotFound, contract.NoResource.Code)
	}
	g.Expect(w.delete("a").status).To(Equal(http.StatusNotFound))
	g.Expect(w.get(mock.TestbedPath).text).To(ContainSubstring(`"states"`))
	g.Expect(w.get(desk.HealthPath).text).To(MatchJSON(`{"status": "ok"}`))

	bare := serve(t, desk.Config{NoPage: true})
	bare.get("/").envelope(g, http.StatusNotFound, contract.NoResource.Code)
	bare.get("/desk/live.js").envelope(g, http.StatusNotFound, contract.NoResource.Code)
	bare.form("/desk/snapshots", "state=NORMAL&count=1").envelope(g, http.StatusNotFound, contract.NoResource.Code)
	g.Expect(bare.get(desk.HealthPath).status).To(Equal(http.StatusOK))
}

func TestEverythingOfThePageIsGuarded(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	w.delete("a")
	for path, kind := range map[string]string{
		"/": "text/html", "/desk/exchanges/1": "text/html", "/desk/live.js": "text/javascript", "/desk/style.css": "text/css", "/desk/icon.svg": "image/svg+xml", "/favicon.ico": "image/svg+xml",
	} {
		got := w.get(path)
		g.Expect(got.status).To(Equal(http.StatusOK), path)
		g.Expect(got.header.Get("Content-Type")).To(Equal(kind + "; charset=utf-8"))
		policy := got.header.Get("Content-Security-Policy")
		g.Expect(policy).To(And(HavePrefix("default-src 'none';"), ContainSubstring("frame-ancestors 'none'"), Not(ContainSubstring("unsafe"))))
		g.Expect(got.header.Get("X-Content-Type-Options")).To(Equal("nosniff"))
		g.Expect(got.header.Get("Cache-Control")).To(Equal("no-store"))
		g.Expect(got.text).NotTo(MatchRegexp(`\son[a-z]+=|style=|(src|href)="\w*:?//`), "what the policy would not let through, or another host")
		g.Expect(w.send(http.MethodHead, path, "", nil).text).To(BeEmpty())
		g.Expect(w.send(http.MethodGet, path, "", map[string]string{"Range": "bytes=999999-", "If-Match": "x"}).status).To(Equal(http.StatusOK), "it is given whole")
	}
}

func TestOtherSitesCannotUseTheForms(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	id := w.Create(contract.Normal, 1)[0]
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
	} {
		header["Content-Type"] = "application/x-www-form-urlencoded"
		denied := contract.UnknownAction.Code
		w.send(http.MethodPost, "/desk/snapshots", "state=NORMAL&count=1", header).envelope(g, http.StatusForbidden, denied)
		w.send(http.MethodPost, "/desk/change?id="+id, "to=gone", header).envelope(g, http.StatusForbidden, denied)
	}
	g.Expect(w.Store().Counts()).To(Equal(map[contract.State]int{contract.Normal: 1}))
	g.Expect(w.form("/desk/snapshots", "state=NORMAL&count=1").status).To(Equal(http.StatusSeeOther))
}

// TestANameThatLeadsToALoopbackAddress may be one that its owner has led there since its page was loaded.
func TestANameThatLeadsToALoopbackAddress(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	for _, host := range []string{"evil.example", "evil.example:8080", "EVIL.example.", "127.0.0.1.evil.example", "localhost.evil.example"} {
		for _, path := range []string{"/", "/desk/live.js", "/desk/exchanges/1"} {
			w.send(http.MethodGet, path, "", map[string]string{"Host": host}).envelope(g, http.StatusForbidden, contract.UnknownAction.Code)
		}
		g.Expect(w.send(http.MethodGet, mock.TestbedPath, "", map[string]string{"Host": host}).status).To(Equal(http.StatusOK), "the testbed has any name")
		g.Expect(w.send(http.MethodGet, desk.HealthPath, "", map[string]string{"Host": host}).status).To(Equal(http.StatusOK))
	}
	for _, host := range []string{"localhost", "LOCALHOST:8080", "zec.localhost:1", "127.0.0.1", "[::1]", "[::1]:8080", "mock", "mock:8080", "192.0.2.1"} {
		g.Expect(w.send(http.MethodGet, "/", "", map[string]string{"Host": host}).status).To(Equal(http.StatusOK), host)
	}
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	id := w.Create(contract.Normal, 1)[0]
	for _, row := range []struct {
		path, body string
		status     int
		mend       string
	}{
		{"/desk/snapshots", "", http.StatusUnprocessableEntity, "choose one of the states"},
		{"/desk/snapshots", "state=MELTED&count=1", http.StatusUnprocessableEntity, "choose one of the states"},
		{"/desk/snapshots", "state=NORMAL", http.StatusUnprocessableEntity, "from 1 to 10000"},
		{"/desk/snapshots", "state=NORMAL&count=0", http.StatusUnprocessableEntity, "from 1 to 10000"},
		{"/desk/snapshots", "state=NORMAL&count=10001", http.StatusUnprocessableEntity, "from 1 to 10000"},
		{"/desk/snapshots", "state=NORMAL&count=1&x=" + strings.Repeat("x", 1<<20), http.StatusUnprocessableEntity, "choose one of the states"},
		{"/desk/change?id=" + id, "", http.StatusUnprocessableEntity, "choose one of the states"},
		{"/desk/change?id=" + id, "to=MELTED", http.StatusUnprocessableEntity, "choose one of the states"},
		{"/desk/change?id=none", "to=NORMAL", http.StatusNotFound, "no such snapshot any more"},
		{"/desk/change", "to=NORMAL", http.StatusNotFound, "no such snapshot any more"},
	} {
		got := w.form(row.path, row.body)
		g.Expect(got.status).To(Equal(row.status), row.body)
		g.Expect(got.header.Get("Content-Type")).To(HavePrefix("text/html"))
		g.Expect(got.text).To(MatchRegexp(`<p class="notice bad">Nothing is [^<]*%s`, row.mend))
	}
	g.Expect(w.Store().Counts()).To(Equal(map[contract.State]int{contract.Normal: 1}))
}

func TestFormsLeadBackToThePage(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	for form, body := range map[string]string{"/desk/snapshots?snapshot=a%26b&only=remarks": "state=AVAILABLE&count=2", "/desk/change?id=%0d%0aX:y&snapshot=a%26b&only=remarks": "to=gone"} {
		got := w.form(form, body)
		g.Expect(got.status).To(Equal(http.StatusSeeOther))
		back, err := url.Parse(got.header.Get("Location"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(back.Path).To(Equal("/"))
		g.Expect(back.Query()).To(And(HaveKeyWithValue("snapshot", []string{"a&b"}), HaveKeyWithValue("only", []string{"remarks"})))
		g.Expect(w.get(back.String()).text).To(MatchRegexp(`<p class="notice">(Made 2 snapshots in NORMAL\.|\\r\\nX:y is gone\.)</p>`))
	}
	g.Expect(w.Store().Counts()).To(Equal(map[contract.State]int{contract.Normal: 2}))
	// An address that somebody made up says nothing of its own.
	for _, query := range []string{"did=made&state=NORMAL&count=many", "did=made&state=Pay+now&count=1", "did=put&state=x&id=1", "did=it&id=1", "did=made&state=NORMAL&count=123456789"} {
		g.Expect(w.get("/?" + query).text).NotTo(ContainSubstring(`class="notice`))
	}
}

func TestThePageIsNotSentAgainToWhoHasIt(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	tag := map[string]string{"If-None-Match": w.get("/").header.Get("ETag")}
	g.Expect(w.send(http.MethodGet, "/", "", tag).status).To(Equal(http.StatusNotModified))
	w.delete("a")
	g.Expect(w.send(http.MethodGet, "/", "", tag).status).To(Equal(http.StatusOK))
}

func TestThePageListsFewOfMany(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	first := w.Create(contract.Normal, 100_000)[0]
	newest := w.Create(creating, 1)[0]
	w.call("{}", nil)
	for range 100 {
		w.delete("a")
	}
	got := w.get("/").text
	g.Expect(got).To(And(ContainSubstring("100,001 snapshots, 101 exchanges"), ContainSubstring(newest), Not(ContainSubstring(first))))
	g.Expect(len(got)).To(BeNumerically("<", 100<<10))
	rows := regexp.MustCompile(`data-key="(\d+)"`)
	g.Expect(rows.FindAllString(got, -1)).To(HaveLen(50))
	g.Expect(rows.FindStringSubmatch(got)[1]).To(Equal("101"), "the last is the first")

	g.Expect(rows.FindAllString(w.get("/?only=remarks").text, -1)).To(Equal([]string{`data-key="1"`}))
	g.Expect(w.get("/?snapshot=" + first).text).To(ContainSubstring("It is <strong>NORMAL</strong>"))
}

func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const cookie, token = "s3cr3t-cookie-value", "s3cr3t-bearer-value"
	w := serve(t, desk.Config{Hide: redact.New(secret).Replace}, blaming(func(x *mock.Exchange) string { return "it has " + string(x.Request) }))
	w.call(`{"snapshotIds": ["`+secret+`"], "password": "`+secret+`"}`, map[string]string{
		"Authorization": "Bearer " + token, "Cookie": "session=" + cookie, "X-Api-Key": cookie, "User-Agent": "a/1 " + secret,
		contract.HeaderAction: secret, contract.HeaderSignatureMethod: contract.SignatureMethod,
	})
	for _, path := range []string{"/", "/?only=remarks", "/desk/exchanges/1", mock.TestbedPath + desk.ExchangesPath, "/?snapshot=" + secret, "/?did=released&id=" + secret} {
		got := w.get(path)
		g.Expect(got.status).To(Equal(http.StatusOK))
		if path != "/?snapshot="+secret { // which is the reader's own word
			g.Expect(got.text).NotTo(ContainSubstring(secret), path)
		}
		g.Expect(got.text).NotTo(Or(ContainSubstring(token), ContainSubstring(cookie)), path)
	}
	g.Expect(w.get("/desk/exchanges/1").text).To(And(ContainSubstring("Bearer REDACTED"), ContainSubstring(contract.SignatureMethod)))
}

// TestATokenThatNobodyKnowsIsASecret: it may be good for something else, wherever a client repeats it.
func TestATokenThatNobodyKnowsIsASecret(t *testing.T) {
	t.Parallel()
	const token = "s3cr3t-of-another-service"
	for name, header := range map[string]map[string]string{
		"a token":              {"Authorization": "Bearer " + token},
		"a token alone":        {"Authorization": token},
		"in place of a scheme": {"Authorization": token + " x"},
		"a scheme of its own":  {"Authorization": "token=" + token + " x"},
		"another header":       {"X-Api-Key": token},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			w := serve(t, desk.Config{})
			more := map[string]string{"User-Agent": "a/1 " + token, "X-" + token: "1", contract.HeaderVersion: token, contract.HeaderAction: token}
			maps.Copy(more, header)
			w.call(`{"snapshotIds": ["`+token+`"], "`+token+`": 1}`, more)
			for _, path := range []string{"/", "/desk/exchanges/1", mock.TestbedPath + desk.ExchangesPath, mock.TestbedPath + mock.CallersPath} {
				g.Expect(strings.ToLower(w.get(path).text)).NotTo(ContainSubstring(token), path)
			}
		})
	}
}
