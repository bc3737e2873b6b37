package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// A few rules are enough to see that the doors lead to one suite.
const someRules = "ERR-1 || ERR-2 || STATE-1 || BATCH-4 || REQ-2"

// behindDoors names what TestOneDoor judges in a process of its own, where it may fail.
const behindDoors = "ZEC_CONFORMANCE_TEST_BEHIND_DOORS"

var implementations = map[string]struct {
	bend    middleware
	verdict report.Verdict
	failed  []string
}{
	"conformant":   {func(next http.Handler) http.Handler { return next }, report.Conformant, nil},
	"with remarks": {breakingBATCH4(), report.Remarks, []string{"BATCH-4"}},
	"broken":       {breakingERR2(), report.NotConformant, []string{"ERR-2"}},
}

func config(name string) conformance.Config {
	return conformance.Config{
		Handler: implementations[name].bend(mock.NewService()), Testbed: mock.TestbedPath,
		Effort: conformance.Quick, Linger: 1, Filter: someRules,
	}
}

func failedIn(r *report.Report) (ids []string) {
	for _, rule := range r.With(report.Failed) {
		ids = append(ids, rule.ID)
	}
	return ids
}

func TestTheDoorsAgree(t *testing.T) {
	t.Parallel()
	for name, implementation := range implementations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)

			path := filepath.Join(t.TempDir(), "report.json")
			target := serve(t, implementation.bend)
			got := judge(t, nil, target.flags("--label-filter", someRules, "--report", "json="+path)...)
			written := read(g, path)
			g.Expect(written.Verdict).To(Equal(implementation.verdict), got.out)
			g.Expect(failedIn(&written)).To(Equal(implementation.failed))
			g.Expect(got.status).To(Equal(written.Verdict.ExitStatus()))
			g.Expect(last(got.out)).To(Equal("verdict: " + string(written.Verdict)))

			result, err := conformance.Run(t.Context(), config(name))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.Verdict).To(Equal(implementation.verdict))
			g.Expect(failedIn(result)).To(Equal(implementation.failed))

			test := exec.Command(os.Args[0], "-test.run=^TestOneDoor$", "-test.v")
			test.Env = append(os.Environ(), behindDoors+"="+name)
			out, err := test.CombinedOutput()
			g.Expect(err == nil).To(Equal(written.Verdict.ExitStatus() == 0), string(out))
			g.Expect(string(out)).To(ContainSubstring("verdict: " + string(written.Verdict) + "\n"))
			if written.Verdict == report.NotConformant {
				g.Expect(strings.Count(string(out), " ERR-2 MUST: ")).To(Equal(1))
			}
		})
	}
}

func TestOneDoor(t *testing.T) {
	name, asked := os.LookupEnv(behindDoors)
	if !asked {
		t.Skip("TestTheDoorsAgree calls this one")
	}
	conformance.Test(t, config(name))
}
