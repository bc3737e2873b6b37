package redact_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"
	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// ways are those in which a text may be repeated.
var ways = map[string]func(text string) string{
	"as it is":          func(text string) string { return text },
	"in lower case":     strings.ToLower,
	"in upper case":     strings.ToUpper,
	"as a header":       http.CanonicalHeaderKey,
	"in JSON":           inJSON,
	"in JSON for HTML":  func(text string) string { return strings.ReplaceAll(inJSON(text), "/", `\/`) },
	"all in JSON":       func(text string) string { return escaped(text, `\u%04x`) },
	"all in JSON, loud": func(text string) string { return escaped(text, `\u%04X`) },
	"in Go":             func(text string) string { quoted := strconv.QuoteToASCII(text); return quoted[1 : len(quoted)-1] },
	"in bytes":          func(text string) string { return bytewise(text, `\x%02x`) },
	"in octal":          func(text string) string { return bytewise(text, `\%03o`) },
	"in a query":        url.QueryEscape,
	"in a path":         url.PathEscape,
	"all in a path":     func(text string) string { return bytewise(text, "%%%02x") },
	"in HTML":           html.EscapeString,
	"all in HTML":       func(text string) string { return escaped(text, "&#x%x;") },
	"as Latin-1":        asLatin1,
	"in Base64":         func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"in Basic":          func(text string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + text)) },
	"in Bearer":         func(text string) string { return base64.URLEncoding.EncodeToString([]byte("Bearer " + text + "!")) },
	"in JSON in JSON":   func(text string) string { return inJSON(inJSON(text)) },
	"in JSON, again and again": func(text string) string {
		return inJSON(inJSON(inJSON(inJSON(escaped(text, `\u%04x`)))))
	},
	"in JSON in HTML":  func(text string) string { return html.EscapeString(inJSON(text)) },
	"in a URL in JSON": func(text string) string { return escaped(url.QueryEscape(text), `\u%04x`) },
}

func inJSON(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded[1 : len(encoded)-1])
}

func escaped(text, form string) string {
	var all strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&all, form, unit)
	}
	return all.String()
}

func bytewise(text, form string) string {
	var all strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&all, form, b)
	}
	return all.String()
}

func asLatin1(text string) string {
	var all strings.Builder
	for _, b := range []byte(text) {
		all.WriteRune(rune(b))
	}
	return all.String()
}

// secrets are what may stand in a header: anything that is no control, and no space at the ends.
func secrets(runes ...rune) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		text := rapid.StringOfN(rapid.OneOf(rapid.RuneFrom([]rune("\"'\\/%+ &<=")), rapid.RuneFrom(runes)), 8, 64, -1).Draw(t, "secret")
		return "z" + text + "q"
	})
}

var ascii = []rune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$()*,-.:;>?@[]^_`{|}~")

const around = "§ %s §" // which nothing in a secret is like

func TestNoWayToRepeatASecretIsShown(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				g := NewWithT(t)
				secret := secrets(append(ascii, []rune("éÉжЖ密")...)...).Draw(t, "secret")
				if strings.Contains(name, "HTML") || name == "in Base64" { // which need not be looked for in scripts
					secret = secrets(ascii...).Draw(t, "secret")
				}
				if name == "as Latin-1" {
					secret += "é"
				}
				if name == "in JSON, again and again" {
					secret = strings.ReplaceAll(secret, `\`, "/")
				}
				r := redact.New(secret)
				shown := r.Replace(fmt.Sprintf(around, way(secret)))
				g.Expect(shown).To(ContainSubstring(redact.Mark))
				rest := strings.ReplaceAll(shown, redact.Mark, "")
				left := 8 // bytes at the most, of the secret
				if strings.HasPrefix(name, "in B") {
					left += len("QmVhcmVyIH") // Base64 of what stands around it
				}
				g.Expect(len(rest)).To(BeNumerically("<", len(around)+left), "%q shows %q", secret, shown)
				g.Expect(rest).To(HavePrefix("§ "))
				g.Expect(rest).To(HaveSuffix(" §"))
			})
		})
	}
}

func TestNoPartOfASecretIsShown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := NewWithT(t)
		secret := secrets(ascii...).Draw(t, "secret")
		from := rapid.IntRange(0, len(secret)-8).Draw(t, "from")
		to := rapid.IntRange(from+8, len(secret)).Draw(t, "to")
		shown := redact.New(secret).Replace("a" + inJSON("§"+secret[from:to]+"§") + "b")
		g.Expect(shown).To(Equal("a§" + redact.Mark + "§b"))
	})
}

func TestOtherTextsAreLeftAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := NewWithT(t)
		r := redact.New("Gu5t9xGARNpq86cd98joQYCN3", "")
		r.Name("an-id-of-a-key", "id", "")
		r.Signature(strings.Repeat("0123456789abcdef", 4))
		text := rapid.String().Draw(t, "text") + rapid.StringMatching(`(\\u00|%|&#x|[0-9a-f]{8}|[GuARNpq8cd]{7})*`).Draw(t, "more")
		g.Expect(r.Replace(text)).To(Equal(text))
	})
}

func TestShortSecretsAreFoundAsAWhole(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := redact.New("hush")
	for _, text := range []string{"hush", "HUSH", `\u0068ush`, "%68us%68", "&#104;ush"} {
		g.Expect(r.Replace("<" + text + text + ">")).To(Equal("<" + redact.Mark + ">"))
	}
	g.Expect(r.Replace("hus, ush")).To(Equal("hus, ush"))
}

func TestNamesAreFoundAsAWholeIfTheyAreNoWords(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := redact.New()
	r.Name("LTAI5tFakeKeyOfNobody", "key")
	g.Expect(r.Replace("Credential=ltai5tfakekeyofnobody, LTAI5tFakeKeyOf, key")).To(Equal("Credential=" + redact.Mark + ", LTAI5tFakeKeyOf, key"))
}

func TestSignaturesAreFoundWheneverTheyWereSent(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := redact.New()
	var all sync.WaitGroup
	signature := func(i int) string { return fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)})) }
	for lane := range 4 {
		all.Go(func() {
			for i := lane; i < 1000; i += 4 {
				r.Signature(signature(i))
				r.Replace(signature(i + 1))
			}
		})
	}
	all.Wait()
	for i := range 1000 {
		for _, text := range []string{signature(i), strings.ToUpper(signature(i)), signature(i)[:20], escaped(signature(i), `\u%04x`)} {
			g.Expect(r.Replace("Signature=" + text + ";")).To(Equal("Signature=" + redact.Mark + ";"))
		}
	}
	g.Expect(r.Replace(signature(1000))).To(Equal(signature(1000)))
}

func TestTheEarliestSignaturesAreForgotten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := redact.New()
	signature := func(i int) string { return fmt.Sprintf("%08x%056x", i, i) }
	const many = 40_000
	for i := range many {
		r.Signature(signature(i))
		r.Signature(signature(i)) // once more, as a request is that is sent again
	}
	g.Expect(r.Replace(signature(many - 1))).To(Equal(redact.Mark))
	g.Expect(r.Replace(signature(many - 30_000))).To(Equal(redact.Mark))
	g.Expect(r.Replace(signature(0))).To(Equal(signature(0)))
}

func TestARedactorOfNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var none *redact.Redactor
	none.Signature("0123456789abcdef0123")
	g.Expect(none.Replace("0123456789abcdef0123")).To(Equal("0123456789abcdef0123"))
	g.Expect(redact.New().Replace("")).To(BeEmpty())
}

func TestARedactorIsNotShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := redact.New("hush")
	for _, text := range []string{fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", r), format.Object(r, 0)} {
		g.Expect(text).NotTo(ContainSubstring("hush"))
	}
}

func BenchmarkReplace(b *testing.B) {
	r := redact.New("Gu5t9xGARNpq86cd98joQYCN3")
	for i := range 10_000 {
		r.Signature(fmt.Sprintf("%064x", i<<40))
	}
	id := `"T8E3F6C52-0B6D-4D3A-9C1E-5A7B2F904D11"`
	for name, text := range map[string]string{
		"answer":  `{"requestId":` + id + `,"response":{"requestId":` + id + `,"snapshotIds":[` + strings.Repeat(`"snap-ukazmbrxfmxo54y2uxkzg3cc34",`, 20) + `""]}}`,
		"secrets": strings.Repeat("Gu5t9xGARNpq86cd98joQYCN3 ", 2500),
		"escapes": strings.Repeat(`%255c&amp;#x5c;\\u0041`, 3000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.Replace(text)
			}
		})
	}
}
