package main

import (
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// TestTheMockIsConformantWithManyOptionsAtOnce, each of which keeps the contract: they are in nobody's way.
func TestTheMockIsConformantWithManyOptionsAtOnce(t *testing.T) {
	t.Parallel()
	seed := listIn(t, NewWithT(t), "- {state: NORMAL, count: 100}\n- {id: seed-1, state: FAILED}\n")
	for name, row := range map[string]struct {
		args        []string
		credentials variables
	}{
		"kept": {[]string{
			"--auth", "zc2", "--clock", "+4m", "--state", filepath.Join(t.TempDir(), "snapshots.db"), "--seed", seed,
			"--settle", "100ms", "--creating", "50ms", "--latency", "0ms..2ms", "--fault", "SERVICE_TEMPORARY_UNAVAILABLE=2%",
		}, ownKey},
		"scripted": {[]string{
			"--auth", "bearer", "--seed", seed, "--rate", "1000", "--log", "json", "--no-page", "--stay", "CREATING=50%", "--fault", "closes=20%",
			"--scenario", inFile(t, "trouble.yaml", "steps:\n- {requests: 50, latency: 'p50=1ms,p99=5ms'}\n- {after: 100ms, settle: 100ms, latency: 0s}\nrepeat: true\n"),
		}, ownToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			url, end := doored(t, row.credentials, row.args...)
			got := judge(t, row.credentials, "--endpoint", url, "--testbed", mock.TestbedPath, "--settle", "2s",
				"--label-filter", "AUTH-1 || STATE-2 || STATE-4 || PART-2 || ERR-1 || ENV-3")
			g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.out+got.err)
			mocked := end()
			g.Expect(mocked.status).To(BeZero(), mocked.err)
			g.Expect(mocked.err).NotTo(ContainSubstring(hidden))
		})
	}
}
