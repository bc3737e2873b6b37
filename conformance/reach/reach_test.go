package reach_test

import (
	"net/url"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/reach"
)

func parse(t *testing.T, text string) reach.Base {
	t.Helper()
	base, err := reach.Parse(text)
	if err != nil {
		t.Fatalf("%s: %s", text, err)
	}
	return base
}

func TestAHostHasOneSpelling(t *testing.T) {
	t.Parallel()
	for text, host := range map[string]string{
		"http://Example.COM":             "example.com",
		"https://example.com.:8443/base": "example.com",
		"HTTPS://example.com..":          "example.com",
		"http://[::1]:8080":              "::1",
		"http://[FE80::1%25eth0]:80":     "fe80::1%eth0",
		"unix:/run/zec.sock":             "",
		"http://xn--zenlayer-.com":       "xn--zenlayer-.com",
	} {
		NewWithT(t).Expect(parse(t, text).Host()).To(Equal(host), text)
	}
}

func TestNoOtherSpellingIsTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"https://console。zenlayer。com", "https://ｚenlayer.com", "https://console%2Ezenlayer.com", "https://console%E3%80%82zenlayer.com",
		"https://a@zenlayer.com", "https://zenlayer.com\\@localhost", "//zenlayer.com", "zenlayer.com", "https:zenlayer.com", "https:///zenlayer.com",
		"https://zenlayer.com?", "https://zenlayer.com#x", "https://", "", "unix:", "unix:run/zec.sock", "unix:/s:b", "unix:/s:/b?", "unix:/s:/%zz",
		"https://:443", "http://h/a%2Fé", "unix:/s:/a%2F b", "http://zenlayer.com\t", "http://zenlayer.com:port",
	} {
		_, err := reach.Parse(text)
		NewWithT(t).Expect(err).To(HaveOccurred(), "%q", text)
	}
}

func TestWhatIsPrivate(t *testing.T) {
	t.Parallel()
	for text, private := range map[string]bool{
		"https://example.com": true, "unix:/run/zec.sock": true, "http://localhost": true, "http://LOCALHOST:80": true,
		"http://127.0.0.1": true, "http://127.8.9.10:80": true, "http://[::1]": true, "http://[::ffff:127.0.0.1]": true,
		"http://localhost.": false, "http://127.0.0.1.": false,
		"http://example.com": false, "http://localhost.example.com": false, "http://10.0.0.1": false, "http://[::ffff:10.0.0.1]": false,
		"http://0.0.0.0": false, "http://[::]": false, "http://127.1": false, "http://2130706433": false, "http://127.0.0.1.example.com": false,
	} {
		NewWithT(t).Expect(parse(t, text).Private()).To(Equal(private), text)
	}
}

func TestPathsAreTakenBelowABase(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for base, spelled := range map[string][2]string{
		"http://h:80":               {"http://h:80/t/v1", "http://h:80/t/v1"},
		"http://h/":                 {"http://h/t/v1", "http://h/t/v1"},
		"http://h/gate%2Fway/a%20b": {"http://h/gate%2Fway/a%20b/t/v1", "http://h/gate%2Fway/a%20b/t/v1"},
		"http://[::1]:8080/g/":      {"http://[::1]:8080/g/t/v1", "http://[::1]:8080/g/t/v1"},
		"unix:/run/zec.sock":        {"unix:/run/zec.sock:/t/v1", "http://localhost/t/v1"},
		"unix:/run/zec.sock:/":      {"unix:/run/zec.sock:/t/v1", "http://localhost/t/v1"},
		"unix:/run/zec.sock:/g%2Fw": {"unix:/run/zec.sock:/g%2Fw/t/v1", "http://localhost/g%2Fw/t/v1"},
	} {
		with := parse(t, base).With("/t/v1")
		g.Expect(with).To(Equal(spelled[0]))
		g.Expect(parse(t, with).String()).To(Equal(with))
		g.Expect(parse(t, with).URL("")).To(Equal(spelled[1]))
		g.Expect(parse(t, base).URL("/t/v1")).To(Equal(spelled[1]))
		g.Expect(parse(t, base).Below("/t/v1").URL("")).To(Equal(spelled[1]))
		_, err := url.Parse(spelled[1])
		g.Expect(err).NotTo(HaveOccurred())
	}
}

func TestWhatIsAtOnePlaceIsSpokenToAlike(t *testing.T) {
	t.Parallel()
	for endpoint, others := range map[string]map[string]bool{
		"http://h:8080/a": {"http://H:8080/b": true, "http://h:8081/a": false, "http://i:8080": false, "https://h:8080": false, "unix:/s": false},
		"unix:/s":         {"unix:/s:/t": true, "unix:/r": false, "http://localhost": false},
	} {
		for other, alike := range others {
			const option = "--http2-prior-knowledge "
			curl := parse(t, other).Like(parse(t, endpoint).HTTP2()).Curl()
			if alike {
				NewWithT(t).Expect(curl).To(ContainSubstring(option), other)
			} else {
				NewWithT(t).Expect(curl).NotTo(ContainSubstring(option), other)
			}
			NewWithT(t).Expect(parse(t, other).HTTP2().Like(parse(t, endpoint)).Curl()).NotTo(ContainSubstring(option), other)
		}
	}
	NewWithT(t).Expect(parse(t, "http://h").Like(reach.Base{}).Curl()).To(BeEmpty())
}

func TestProxiesOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for text, secrets := range map[string][]string{
		"":                          nil,
		"proxy:3128":                nil,
		"http://proxy:3128":         nil,
		"http://user@proxy:3128":    nil,
		"http://user:pw@proxy:3128": {"pw", "dXNlcjpwdw=="},
		"user:p%40w@proxy:3128":     {"p@w", "p%40w", "dXNlcjpwQHc="},
		"socks5://user:pw@proxy":    {"pw"},
	} {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			g := NewWithT(t)
			lookup := func(asked string) (string, bool) { return map[string]string{name: text}[asked], asked == name }
			g.Expect(reach.CheckProxies(lookup)).To(Succeed())
			if secrets == nil {
				g.Expect(reach.ProxySecrets(lookup)).To(BeEmpty(), text)
			} else {
				g.Expect(reach.ProxySecrets(lookup)).To(ContainElements(secrets), text)
			}
		}
	}
}

func TestAProxyThatCannotBeReadIsNotRepeated(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const text = "http://user:hunter2@[proxy"
	lookup := func(asked string) (string, bool) { return map[string]string{"https_proxy": text}[asked], true }
	err := reach.CheckProxies(lookup)
	g.Expect(err).To(MatchError(HavePrefix("https_proxy holds no URL of a proxy")))
	g.Expect(err.Error()).NotTo(ContainSubstring("hunter2"))
	g.Expect(reach.ProxySecrets(lookup)).To(ConsistOf(text), "net/http would repeat it")
}
