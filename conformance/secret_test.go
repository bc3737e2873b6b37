package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

var hushed = signing.Credentials{KeyID: "hush-hush-id", Secret: "hush-hush-secret", Token: "hush-hush-token"}

// TestASuiteIsPrintedWithoutItsCredentials: a panic may print what it met.
func TestASuiteIsPrintedWithoutItsCredentials(t *testing.T) {
	t.Parallel()
	config := Config{Endpoint: "http://127.0.0.1:1", Credentials: hushed}
	s := newSuite(context.Background(), config)
	endpoint, err := reach.Parse(config.Endpoint)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	s.target = target.New(target.Config{Endpoint: endpoint, Credentials: hushed, Redact: s.journal.redact})
	for _, holder := range []any{config, &config, s, struct{ held *suite }{s}, s.journal, s.target} {
		shown := fmt.Sprintf("%v %+v %#v %s", holder, holder, holder, holder)
		NewWithT(t).Expect(shown).NotTo(ContainSubstring("hush"))
	}
	NewWithT(t).Expect(s.credentials() == hushed).To(BeTrue())
}

// TestAJournalKeepsNoSecret, wherever it is in a text, however long that is, and wherever it is cut.
func TestAJournalKeepsNoSecret(t *testing.T) {
	t.Parallel()
	s := newSuite(context.Background(), Config{Credentials: hushed})
	for length := range 60 {
		before := strings.Repeat("·", 2000-length) // two bytes each
		s.journal.fail(failure{rule: "REQ-1", check: "a check", what: before + hushed.Secret, permitted: before + "." + hushed.Token})
		s.journal.skip([]string{"REQ-1"}, before+hushed.KeyID+hushed.Secret)
	}
	s.journal.omit("REQ-2", "the testbed says "+hushed.Secret)
	for _, rule := range s.journal.results("") {
		NewWithT(t).Expect(fmt.Sprint(rule.Failures, rule.Skips)).NotTo(ContainSubstring("hush-hus"))
	}
}

// TestAShortKeyIsAWord, which is left alone but where it is a key for certain.
func TestAShortKeyIsAWord(t *testing.T) {
	t.Parallel()
	s := newSuite(context.Background(), Config{Credentials: signing.Credentials{KeyID: "key", Secret: "hush-hush-secret"}})
	NewWithT(t).Expect(brief("a key, Credential=key, Signature=", s.journal.redact.Replace)).To(Equal("a key, " + redact.Mark + ", Signature="))
}

func TestEvidenceIsCutAndKeepsNoSecret(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := newSuite(context.Background(), Config{Credentials: hushed})
	const long = 100 << 10
	body := strings.Repeat(hushed.Secret, long/len(hushed.Secret)+1)[:long]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	t.Cleanup(server.Close)
	endpoint, err := reach.Parse(server.URL)
	g.Expect(err).NotTo(HaveOccurred())
	e := target.New(target.Config{Endpoint: endpoint, Credentials: hushed, Timeout: time.Minute, Redact: s.journal.redact}).Send(t.Context(), target.Request{})
	kept := s.journal.evidence(e)
	g.Expect(kept.Got.Body).To(Equal(redact.Mark))
	g.Expect(kept.Got.Cut).To(Equal(long - 64<<10))
	g.Expect(fmt.Sprint(kept)).NotTo(ContainSubstring("hush-hus"))
}
