package conformance

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// spent is an exchange that took so long, from a moment in seconds on.
func spent(from, seconds float64, err error) *target.Exchange {
	begun := time.Unix(0, 0).Add(time.Duration(from * float64(time.Second)))
	ended := begun.Add(time.Duration(seconds * float64(time.Second)))
	return &target.Exchange{Started: begun, Asked: begun, Answered: ended, Ended: ended, Attempts: 1, Err: err}
}

func TestASlowTargetIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := silence{timeout: DefaultTimeout}
	for i := range 1000 {
		_, tooLong := s.heard(spent(float64(6*i), 6, nil))
		g.Expect(tooLong).To(BeFalse())
		g.Expect(s.wait()).To(Equal(DefaultTimeout))
	}
	g.Expect(s.knocks()).To(Equal(12 * time.Second))
}

func TestATargetThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := silence{timeout: DefaultTimeout}
	s.heard(spent(0, 0.1, nil))
	for i := range 32 { // at once, so that no more than the time of one is lost
		inARow, tooLong := s.heard(spent(0.1, 30, target.ErrTimeout))
		g.Expect(inARow).To(Equal(i + 1))
		g.Expect(tooLong).To(BeFalse())
	}
	g.Expect(s.wait()).To(Equal(expected))
	s.heard(spent(31, 0.1, nil))
	g.Expect(s.now()).To(BeZero())
	_, tooLong := s.heard(spent(31, 10, target.ErrTimeout))
	g.Expect(tooLong).To(BeFalse())
	_, tooLong = s.heard(spent(41, 0.5, errors.New("reset"))) // in vain is in vain
	g.Expect(tooLong).To(BeTrue())
}

func TestManyShortWaitsAreTooManyAsWell(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := silence{timeout: time.Millisecond}
	for range mostHung {
		_, tooLong := s.heard(spent(0, 0.001, target.ErrTimeout))
		g.Expect(tooLong).To(BeFalse())
	}
	_, tooLong := s.heard(spent(0, 0.001, target.ErrTimeout))
	g.Expect(tooLong).To(BeTrue())
}

func TestLongAnswersAreKeptAsLongAsThereIsRoom(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a := allowance{left: 25_000, longest: 10_000}
	for range 100 {
		g.Expect(a.take(alwaysKept)).To(Equal(alwaysKept), "a short one costs nothing")
	}
	g.Expect(a.take(5_000)).To(Equal(10_000))
	g.Expect(a.take(1_000_000)).To(Equal(10_000), "no more than the longest")
	g.Expect(a.take(1_000_000)).To(Equal(10_000))
	g.Expect(a.take(alwaysKept + 1)).To(Equal(alwaysKept))
}

// TestASecretThatACutGoesThroughIsLeftOut has a target repeat the secret where what is kept of its answer ends.
func TestASecretThatACutGoesThroughIsLeftOut(t *testing.T) {
	t.Parallel()
	const secret = "sesame-0123456789-SESAME"
	for part := range len(secret) {
		g := NewWithT(t)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(".", alwaysKept-part) + strings.Repeat(secret, 10)))
		}))
		base, err := reach.Parse(server.URL)
		g.Expect(err).NotTo(HaveOccurred())
		e := target.New(target.Config{Endpoint: base, Timeout: time.Minute}).Send(t.Context(), target.Request{})
		server.Close()
		j := newJournal([]string{secret})
		j.quotes.left = 0
		shown := j.evidence(e).Got
		g.Expect(shown.Body).To(MatchRegexp(`^\.{1000}\.+R?E?D?A?C?T?E?D?$`), "%d bytes of the secret before the cut", part)
		g.Expect(shown.Cut).To(BeNumerically(">", 0))
	}
}

func TestRequestIDsOfAnyLengthAreToldApart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	j := newJournal(nil)
	long := strings.Repeat("x", 1<<20)
	for i, id := range []string{"T1", long, long + "y"} {
		g.Expect(j.firstUse(id, i+1)).To(BeZero())
	}
	g.Expect(j.firstUse(long, 9)).To(Equal(2))
	for id := range j.requestIDs {
		g.Expect(len(id)).To(BeNumerically("<=", 32))
	}
}

func TestWordsThatATargetMakesUpAreBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	j := newJournal(nil)
	var id string
	for _, silence := range contract.Silences {
		if silence.Answers {
			id = silence.ID
		}
	}
	for i := range 1000 {
		j.choose(id, "400 "+strings.Repeat("A", i%60)+strings.Repeat("B", i/60))
	}
	g.Expect(len(j.chosen[id])).To(BeNumerically("<", 100))
}

func TestReadmeTellsTheBounds(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, told := range []string{
		fmt.Sprintf("%d MiB of an answer's body and %d KiB of its header are read", target.MaxBody>>20, reach.MaxHeader>>10),
		fmt.Sprintf("%d seconds in vain", int(mostWaited.Seconds())),
		fmt.Sprintf("%d MiB of long answers are kept", mostKept>>20),
	} {
		g.Expect(strings.Join(strings.Fields(readmeText(t)), " ")).To(ContainSubstring(told))
	}
}

func readmeText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
