package pipelines_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

const hooksPath = ".pre-commit-hooks.yaml"

func TestHooksFitTheirForm(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	runner := tool(t, prek)
	here := surround(t)
	here.repository(t, map[string]string{hooksPath: read(t, hooksPath), "readme.yaml": shown(t, "rev:")})
	output, status := here.run(t, runner, "validate-manifest", hooksPath)
	g.Expect(status).To(BeZero(), output)
	output, status = here.run(t, runner, "validate-config", "readme.yaml")
	g.Expect(status).To(BeZero(), output)
}

// withHook gives a config that has a hook of the manifest, for surroundings that have the command already: what pre-commit
// would do first is "go install ./...", with an empty cache of modules, which takes minutes.
func withHook(t *testing.T, here surroundings, id string, args ...string) string {
	t.Helper()
	g := NewWithT(t)
	var hooks []map[string]any
	g.Expect(yaml.Unmarshal([]byte(read(t, hooksPath)), &hooks)).To(Succeed())
	for _, hook := range hooks {
		if hook["id"] != id {
			continue
		}
		hook["language"] = "system"
		if args != nil {
			hook["args"] = args
		}
		text, err := yaml.Marshal(map[string]any{"repos": []any{map[string]any{"repo": "local", "hooks": []any{hook}}}})
		g.Expect(err).NotTo(HaveOccurred())
		output, status := here.run(t, "sh", "-c", "go install "+program+"@"+release)
		g.Expect(status).To(BeZero(), output)
		return string(text)
	}
	t.Fatalf("there is no hook %q", id)
	return ""
}

func TestTheHookJudges(t *testing.T) {
	t.Parallel()
	runner := tool(t, prek)
	for name, offered := range offerings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			here := surround(t)
			here.repository(t, map[string]string{
				".pre-commit-config.yaml": withHook(t, here, "conformance", offered.endpoint, "--testbed="+offered.testbed, "--linger=0"),
			})
			output, status := here.run(t, runner, "run", "--stage", "pre-push", "--all-files", "--verbose")
			g.Expect(status).To(Equal(min(offered.status, 1)), output) // prek's own
			if offered.status != 2 {
				g.Expect(output).To(ContainSubstring("verdict: " + offered.verdict))
			}
		})
	}
}

func TestTheHookSeesWhatBreaks(t *testing.T) {
	t.Parallel()
	runner := tool(t, prek)
	g := NewWithT(t)
	contract := read(t, "openapi.yaml")
	here := surround(t)
	here.repository(t, map[string]string{"openapi.yaml": contract, ".pre-commit-config.yaml": withHook(t, here, "breaking", "main")})
	output, status := here.run(t, "git", "checkout", "--quiet", "-b", "change")
	g.Expect(status).To(BeZero(), output)

	output, status = here.run(t, runner, "run", "--all-files", "--verbose")
	g.Expect(status).To(BeZero(), output)

	g.Expect(strings.Count(contract, "maxItems: 100\n")).To(Equal(1))
	smaller := strings.ReplaceAll(contract, "maxItems: 100\n", "maxItems: 50\n")
	g.Expect(os.WriteFile(filepath.Join(here.folder, "openapi.yaml"), []byte(smaller), 0o600)).To(Succeed())
	_, status = here.run(t, "git", "add", "openapi.yaml")
	g.Expect(status).To(BeZero())
	output, status = here.run(t, runner, "run", "--verbose")
	g.Expect(status).NotTo(BeZero(), output)
	g.Expect(output).To(ContainSubstring("openapi.yaml breaks nobody"))
}
