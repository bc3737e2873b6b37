package main

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// spelt are the ways in which a parrot says what it was told.
var spelt = []func(string) string{
	func(text string) string { return text },
	strings.ToUpper,
	strings.ToLower,
	inJSON,
	func(text string) string { return strings.ReplaceAll(inJSON(text), "/", `\/`) },
	func(text string) string { return escaped(text, `\u%04x`) },
	func(text string) string { return escaped(text, `\u%04X`) },
	func(text string) string { return inJSON(escaped(text, `\u%04x`)) },
	url.QueryEscape,
	url.PathEscape,
	html.EscapeString,
	func(text string) string { return escaped(text, "&#%d;") },
}

func inJSON(text string) string {
	encoded, _ := json.Marshal(text) // a string always encodes
	return string(encoded[1 : len(encoded)-1])
}

func escaped(text, form string) string {
	var all strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&all, form, unit)
	}
	return all.String()
}

// parrot says what it was told, and other secrets that it knows, in one way and another wherever something can stand.
type parrot struct {
	knows []string

	mu     sync.Mutex
	calls  int
	told   []string // the Authorization of every request
	leaked int      // requests to the testbed that had one
}

func (p *parrot) hear(r *http.Request) (call int, say string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := ""
	if len(p.told) > 0 {
		before = p.told[len(p.told)/2]
	}
	if told := r.Header.Get(contract.HeaderAuthorization); told != "" {
		p.told = append(p.told, told)
	}
	p.calls++
	return p.calls, strings.Join(append([]string{r.Header.Get(contract.HeaderAuthorization), before}, p.knows...), " ")
}

func (p *parrot) speak(w http.ResponseWriter, r *http.Request, next http.Handler) {
	call, say := p.hear(r)
	say = spelt[call%len(spelt)](say)
	quoted, _ := json.Marshal(say)
	const places = 11
	raw := func(form string) {
		_, _ = io.Copy(io.Discard, r.Body) // or the connection would be reset, and the request sent again
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = fmt.Fprintf(connection, strings.ReplaceAll(form, "\n", "\r\n"), say)
			_ = connection.Close()
		}
	}
	if r.Header.Get(contract.HeaderRequestClient) == "asking whether anybody is there" {
		call = places // somebody is
	}
	switch call / len(spelt) % places {
	case 1:
		raw("HTTP/1.1 400 %[1]s\nContent-Type: application/json\nConnection: close\n\n{}")
	case 2:
		raw("HTTP/1.1 200 OK\nX-%[1]s: %[1]s\nContent-Type: text/%[1]s\nConnection: close\n\n{}")
	case 3:
		raw("HTTP/1.1 200 OK\n%[1]s\n\n")
	case 4:
		raw("HTTP/1.1 307 Moved\nLocation: https://elsewhere.example/%[1]s?key=%[1]s\nContent-Length: 0\n\n")
	case 5:
		raw("%[1]s")
	case 6:
		raw("HTTP/1.1 200 OK\nContent-Length: 100000\n\n{\"requestId\":\"%[1]s")
	case 7:
		text(400, contract.ContentType, `{"requestId":"`+say+`","code":"`+say+`","message":"`+say+`"}`)(w, r, next)
	case 8:
		text(200, contract.ContentType, fmt.Sprintf(`{"requestId":%s,%[1]s:%[1]s,"response":{"requestId":%[1]s,"snapshotIds":[%[1]s]}}`, quoted))(w, r, next)
	case 9: // more than anybody keeps, and a cut somewhere in it
		text(200, contract.ContentType, strings.Repeat(say, 1+(80<<10)/len(say)))(w, r, next)
	case 10:
		text(400, "", say)(w, r, next)
	default:
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		w.Header()["X-Told"] = []string{say}
		text(recorder.Code, contract.ContentType, strings.Replace(recorder.Body.String(), "{", `{"told":`+string(quoted)+`,`, 1))(w, r, next)
	}
}

// tell fails if a text that somebody may read has in it what the parrot knows or was told.
func (p *parrot) tell(g *WithT, where, shown string) {
	for _, secret := range slices.Concat(p.knows, p.told[:min(len(p.told), 20)]) {
		for i, spell := range spelt {
			g.Expect(strings.Contains(shown, spell(secret))).To(BeFalse(), "%s shows %q, in way %d", where, secret, i)
		}
	}
	signatures := map[string]bool{}
	for _, told := range p.told {
		_, signature, _ := strings.Cut(told, "Signature=")
		signatures[signature] = signature != ""
	}
	plain := html.UnescapeString(regexp.MustCompile(`\\+u00[0-9a-fA-F]{2}`).ReplaceAllStringFunc(shown, func(escape string) string {
		code, _ := strconv.ParseUint(escape[len(escape)-2:], 16, 8)
		return string(rune(code))
	}))
	for _, digits := range regexp.MustCompile(`[0-9a-fA-F]{64}`).FindAllString(plain, -1) {
		g.Expect(signatures[strings.ToLower(digits)]).To(BeFalse(), "%s shows the signature %s", where, digits)
	}
}

// keys draws what may stand in a header, and in an environment.
func keys(seed int) string {
	letters := rapid.RuneFrom([]rune("\"'\\/%+ &<>=,;:{}[]()éÉ密abcdefXYZ0123456789-_.~!"))
	return "k" + rapid.StringOfN(letters, 8, 62, -1).Example(seed) + "y"
}

// TestATestbedMayKnowTheSecrets from elsewhere, and complain with them, wherever its words are cut.
func TestATestbedMayKnowTheSecrets(t *testing.T) {
	t.Parallel()
	for i, spell := range spelt {
		t.Run(fmt.Sprint("way ", i), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			id, secret := keys(100+2*i), keys(101+2*i)
			environment := variables{"ZENLAYERCLOUD_SECRET_KEY_ID": id, "ZENLAYERCLOUD_SECRET_KEY_PASSWORD": secret}
			for _, before := range []int{0, 100, 150, 170, 190} {
				complaint := strings.Repeat(".", before) + spell(secret)
				target := serve(t, at("GET "+mock.TestbedPath, text(500, contract.ContentType, complaint)))
				got := judge(t, environment, target.flags()...)
				got.complaint(g)
				g.Expect(got.err).To(ContainSubstring(strings.Repeat(".", before)))
				if before == 0 {
					g.Expect(got.err).To(ContainSubstring("REDACTED"))
				}
				for from := 0; from+8 <= len(secret); from++ {
					g.Expect(strings.Contains(got.out+got.err, secret[from:from+8])).To(BeFalse(), "a part of the secret is shown: %s", got.err)
				}
				(&parrot{knows: []string{secret, id}}).tell(g, "stderr", got.out+got.err)
			}
		})
	}
}

// TestASecretInTheWrongPlaceIsNotRepeated: it is easily put into a flag.
func TestASecretInTheWrongPlaceIsNotRepeated(t *testing.T) {
	t.Parallel()
	environment := variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "an-id-of-nobody", "ZENLAYER_TOKEN": "c2VjcmV0LW9mLXRoZS1ydW4"}
	for _, value := range environment {
		for name, args := range map[string][]string{
			"a flag's value": {"run", "--seed", value}, "a flag": {"run", "--" + value}, "a command": {value}, "a word too many": {"run", value},
			"a report": {"run", "--report", value}, "a file": {"run", "--cacert", value}, "an effort": {"run", "--effort", value},
			"a filter": {"run", "--label-filter", value + "("},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				got := call(t, environment, args...)
				got.complaint(g)
				g.Expect(strings.Contains(got.out+got.err, value)).To(BeFalse(), got.err)
			})
		}
	}
}

func TestNothingThatIsWrittenHasASecretInIt(t *testing.T) {
	t.Parallel()
	for seed := range 2 {
		id, secret := keys(3*seed), keys(3*seed+1)
		for name, environment := range map[string]variables{
			"a key pair": {"ZENLAYERCLOUD_ACCESS_KEY_ID": id, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": secret},
			"a token":    {"ZENLAYER_TOKEN": secret},
		} {
			t.Run(fmt.Sprintf("%s %d", name, seed), func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				p := &parrot{knows: []string{secret}}
				if name == "a key pair" {
					p.knows = append(p.knows, id)
				}
				target := serve(t, at("POST "+contract.Path, p.speak), func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Header.Get(contract.HeaderAuthorization) != "" && strings.HasPrefix(r.URL.Path, mock.TestbedPath) {
							p.mu.Lock()
							defer p.mu.Unlock()
							p.leaked++
						}
						next.ServeHTTP(w, r)
					})
				})
				folder := t.TempDir()
				got := call(t, environment, append([]string{"run"}, target.flags("--effort", "quick", "--linger", "0", "--settle", "100ms",
					"--report", "json="+filepath.Join(folder, "report.json"), "--pictures", folder,
					"--label-filter", "ERR-1 || AUTH-1 || CONC-2 || REQ-2")...)...)
				g.Expect(got.out).To(ContainSubstring("REDACTED"), "nothing was echoed: %s", got.err)
				p.tell(g, "stdout", got.out)
				p.tell(g, "stderr", got.err)
				files := os.DirFS(folder)
				names, err := fs.Glob(files, "*")
				g.Expect(err).NotTo(HaveOccurred())
				for _, name := range names {
					written, err := fs.ReadFile(files, name)
					g.Expect(err).NotTo(HaveOccurred())
					p.tell(g, name, string(written))
					var decoded any
					if json.Unmarshal(written, &decoded) == nil {
						p.tell(g, name+", decoded", fmt.Sprint(decoded))
					}
				}
				g.Expect(names).To(ContainElement("report.json"))
				g.Expect(p.leaked).To(BeZero(), "the testbed was sent credentials")
			})
		}
	}
}
