package conformance_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// knows writes a baseline that has rules.
func knows(t *testing.T, rules ...string) string {
	t.Helper()
	text := "known:\n"
	for _, rule := range rules {
		text += "- {rule: " + rule + ", reason: r, expires: 9999-12-31}\n"
	}
	path := filepath.Join(t.TempDir(), "known.yaml")
	NewWithT(t).Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	return path
}

func TestABadBaselineIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	implementation := &counting{Service: mock.NewService()}
	config := conformance.Config{Handler: implementation, Testbed: mock.TestbedPath, Baseline: knows(t, "REQ-1", "REQ-77")}
	_, err := conformance.Run(t.Context(), config)
	for _, err := range []error{err, config.Check()} {
		var mistake *conformance.ConfigError
		g.Expect(errors.As(err, &mistake)).To(BeTrue())
		g.Expect(err).To(MatchError(ContainSubstring(`line 3, column 10: the contract has no rule "REQ-77"`)))
	}
	g.Expect(implementation.requests.Load()).To(BeZero())
}

// TestABaselineShowsNoSecret that has got into it.
func TestABaselineShowsNoSecret(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const secret = "c2VjcmV0LW9mLXRoZS1ydW4"
	path := filepath.Join(t.TempDir(), secret)
	g.Expect(os.WriteFile(path, []byte("known: [{rule: REQ-1, reason: it wants "+secret+", expires: 9999-12-31}]"), 0o600)).To(Succeed())
	result, err := conformance.Run(t.Context(), conformance.Config{
		Handler: mock.NewService(), Testbed: mock.TestbedPath, Effort: conformance.Quick, Linger: time.Millisecond,
		Filter: "REQ-1", Baseline: path, Credentials: signing.Credentials{Token: secret},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.Baseline.Name).To(HaveSuffix("REDACTED"))
	g.Expect(result.Baseline.Entries[0].Reason).To(Equal("it wants REDACTED"))
}

func TestReadmeListOfKnownFailuresIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, section, _ := strings.Cut(readme(t), "\n## Known failures\n")
	example := blocks(section, "text")[0]
	path := filepath.Join(t.TempDir(), "known.yaml")
	g.Expect(os.WriteFile(path, []byte(example), 0o600)).To(Succeed())
	file, err := conformance.ReadBaseline(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(file.Entries).To(HaveLen(3))
}

// forgetful is a testbed that has lost all states but one.
type forgetful struct{ testbed.Bed }

func (forgetful) States(context.Context) ([]contract.State, error) {
	return []contract.State{contract.Normal}, nil
}

// TestOnlyWhatARunTriedIsCalledPassing, and not what was left out by choice, or because it could not be tried: the failure may be
// there still.
func TestOnlyWhatARunTriedIsCalledPassing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*conformance.Config)
		passing OmegaMatcher // rules
	}{
		"everything":      {func(*conformance.Config) {}, Equal([]string{"CONC-1", "PART-1", "REQ-6"})},
		"one at a time":   {func(c *conformance.Config) { c.Parallel = 1 }, Equal([]string{"PART-1", "REQ-6"})},
		"a part of REQ-6": {func(c *conformance.Config) { c.Filter = "REQ-2" }, BeEmpty()},
		"all of REQ-6":    {func(c *conformance.Config) { c.Filter = "REQ-6" }, Equal([]string{"REQ-6"})},
		"few means":       {func(c *conformance.Config) { c.Budget = 60 }, Not(ContainElement(BeElementOf("CONC-1", "PART-1")))},
		"a walk":          {func(c *conformance.Config) { c.Walk = "make NORMAL; delete 1" }, BeEmpty()},
		"only one state": {func(c *conformance.Config) {
			c.Testbed, c.Bed = "", forgetful{testbed.NewHandler(c.Handler, mock.TestbedPath, 0)}
		}, Equal([]string{"CONC-1", "REQ-6"})},
		"no time for much": {func(c *conformance.Config) { c.RunTime = 50 * time.Millisecond }, BeEmpty()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			config := conformance.Config{
				Handler: mock.NewService(), Testbed: mock.TestbedPath, Effort: conformance.Quick, Linger: time.Millisecond,
				Baseline: knows(t, "CONC-1", "PART-1", "REQ-6", "AUTH-1"),
			}
			c.change(&config)
			result, err := conformance.Run(t.Context(), config)
			g.Expect(err).NotTo(HaveOccurred())
			var passing []string
			for _, entry := range result.Baseline.Standing(report.StandsPassing) {
				passing = append(passing, entry.Rule)
			}
			g.Expect(passing).To(c.passing)
		})
	}
}
