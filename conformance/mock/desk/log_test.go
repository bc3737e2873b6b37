package desk_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// logged has a mock log what is asked of it, and gives the lines.
func logged(t *testing.T, form desk.Form, level slog.Level, ask func(watched)) []string {
	t.Helper()
	var text bytes.Buffer
	log := desk.New(desk.Config{Hide: redact.New(secret).Replace}).Log(&text, form, level)
	w := serve(t, desk.Config{}, mock.WithObserver(func(x *mock.Exchange) {
		if x.Action == "late" {
			x.Fault = "late"
		}
	}), mock.WithObserver(log.Observe))
	ask(w)
	w.stop()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
}

func TestEveryExchangeIsALineOfTheLog(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ask := func(w watched) {
		w.delete("a", "b")
		w.call("{}", nil)
	}
	text := logged(t, desk.Text, slog.LevelInfo, ask)
	g.Expect(text).To(HaveLen(2))
	g.Expect(text[0]).To(MatchRegexp(`^time=\S+Z level=INFO msg=exchange number=1 remote=127\.0\.0\.1:\d+ method=POST action=DeleteSnapshots ids=2 status=200 code="" requestId=T\S+ ms=[\d.]+ fault="" remarks=""$`))
	g.Expect(text[1]).To(MatchRegexp(`level=WARN .* ids=0 status=400 code=MISSING_PARAMETER .* remarks="SHOULD CALL-5 [^"]* \(there is no X-ZC-Version\); MUST CALL-11 [^"]* \(there is no snapshotIds\)"$`))

	lines := logged(t, desk.JSON, slog.LevelInfo, ask)
	g.Expect(lines).To(HaveLen(2))
	var line map[string]any
	g.Expect(json.Unmarshal([]byte(lines[1]), &line)).To(Succeed())
	g.Expect(line).To(And(HaveKeyWithValue("level", "WARN"), HaveKeyWithValue("status", 400.), HaveKeyWithValue("code", "MISSING_PARAMETER"),
		HaveKeyWithValue("ids", 0.), HaveKeyWithValue("remarks", ContainSubstring("(there is no snapshotIds)"))))
}

func TestTheLevelOfALineIsWhatItTells(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ask := func(w watched) {
		w.delete("a")
		w.call("{}", nil)
		w.call("{}", map[string]string{contract.HeaderAction: "late", contract.HeaderVersion: contract.Version})
	}
	g.Expect(logged(t, desk.Text, slog.LevelInfo, ask)).To(HaveLen(3))
	g.Expect(logged(t, desk.Text, slog.LevelWarn, ask)).To(And(HaveLen(2), HaveEach(ContainSubstring("level=WARN"))))
	g.Expect(logged(t, desk.Text, slog.LevelError, ask)).To(Equal([]string{""}))
}

func TestTheLogCanBeShownAndHasNoSecrets(t *testing.T) {
	t.Parallel()
	for _, form := range []desk.Form{desk.Text, desk.JSON} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			lines := logged(t, form, slog.LevelInfo, func(w watched) {
				for _, action := range []string{"\u202edrow\u0085", "##[command]x", "::set-env::x", `" x=y`, secret, strings.Repeat("long", 100_000)} {
					w.call("{}", map[string]string{contract.HeaderAction: action, "Authorization": "Bearer " + secret})
				}
			})
			g.Expect(lines).To(HaveLen(6))
			for _, line := range lines {
				g.Expect(line).NotTo(MatchRegexp(`[\p{C}]|##|` + secret))
				g.Expect(len(line)).To(BeNumerically("<", 1000))
				if form == desk.JSON {
					g.Expect(json.Valid([]byte(line))).To(BeTrue(), line)
				}
			}
		})
	}
}

// stuck is a writer that stands still until it is let go.
type stuck struct {
	let  chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (s *stuck) Write(text []byte) (int, error) {
	<-s.let
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *stuck) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestALogThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := &stuck{let: make(chan struct{})}
	log := desk.New(desk.Config{}).Log(s, desk.JSON, slog.LevelInfo)
	const many = 3000
	for i := range many { // which would not end
		log.Observe(&mock.Exchange{Number: i + 1, Status: 200})
	}
	g.Expect(log.Close()).To(Succeed(), "nor would this")
	close(s.let)
	g.Eventually(s.String).Should(MatchRegexp(`"number":1,(?s:.*)left out, since nobody read them fast enough","lines":\d+}`))
	g.Expect(strings.Count(s.String(), `"number"`)).To(BeNumerically("<", many))
}
