package pipelines_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
)

const templatePath = ".gitlab/conformance.yml"

// TestTheTemplateJudges has a runner of GitLab's pipelines carry out the template, which it holds against GitLab's schema first.
func TestTheTemplateJudges(t *testing.T) {
	t.Parallel()
	runner := tool(t, gitlabCILocal)
	fortest.Needs(t, "rsync")
	offered := offerings(t)
	delete(offered, "nothing") // which the inputs below have it judge
	for name, offered := range offered {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			here := surround(t)
			here.repository(t, map[string]string{templatePath: read(t, templatePath), ".gitlab-ci.yml": include(g, map[string]string{
				"version": release, "endpoint": offered.endpoint, "testbed": offered.testbed, "effort": "quick", "flags": "--linger 0 --settle=5s",
			})})
			output, status := here.run(t, runner, "--force-shell-executor", "--no-color", "conformance")
			g.Expect(status).To(Equal(offered.status), output)
			g.Expect(output).To(ContainSubstring("json schema validated"))
			g.Expect(output).To(ContainSubstring("verdict: " + offered.verdict))
			for _, file := range []string{"report.json", "junit.xml", "report.html", "report.md"} {
				g.Expect(filepath.Join(here.folder, "conformance-reports", file)).To(BeARegularFile(), output)
			}
		})
	}
}

func TestAnInputOfTheTemplateIsNoPartOfAScript(t *testing.T) {
	t.Parallel()
	runner := tool(t, gitlabCILocal)
	fortest.Needs(t, "rsync")
	g := NewWithT(t)
	const injection = `'"; touch injected; $$(touch injected) #`
	here := surround(t)
	here.repository(t, map[string]string{templatePath: read(t, templatePath), ".gitlab-ci.yml": include(g, map[string]string{
		"version": release, "endpoint": injection, "testbed": injection, "flags": injection,
	})})
	output, status := here.run(t, runner, "--force-shell-executor", "--no-color", "conformance")
	g.Expect(status).NotTo(BeZero(), output)
	g.Expect(output).To(ContainSubstring("zec-conformance: "), "the command refuses it")
	var injected []string
	g.Expect(filepath.WalkDir(here.folder, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == "injected" {
			injected = append(injected, path)
		}
		return err
	})).To(Succeed())
	g.Expect(injected).To(BeEmpty())
}

func TestTheReadmesPipelineFitsTheSchema(t *testing.T) {
	t.Parallel()
	runner := tool(t, gitlabCILocal)
	g := NewWithT(t)
	here := surround(t)
	pipeline := regexp.MustCompile(`remote: .*/`+regexp.QuoteMeta(templatePath)).ReplaceAllString(shown(t, "remote:"), "local: "+templatePath)
	here.repository(t, map[string]string{templatePath: read(t, templatePath), ".gitlab-ci.yml": pipeline})
	output, status := here.run(t, runner, "--preview")
	g.Expect(status).To(BeZero(), output)
	g.Expect(output).To(ContainSubstring("zec-conformance run --endpoint"))
}

func TestTheTemplatesImageHasTheGoThatIsNeeded(t *testing.T) {
	t.Parallel()
	needed := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	NewWithT(t).Expect(needed).NotTo(BeNil())
	NewWithT(t).Expect(read(t, templatePath)).To(ContainSubstring("default: golang:" + needed[1] + "\n"))
}

func TestNoInputOfTheTemplateIsPutIntoAScript(t *testing.T) {
	t.Parallel()
	_, script, found := strings.Cut(read(t, templatePath), "\n  script:\n")
	NewWithT(t).Expect(found).To(BeTrue())
	NewWithT(t).Expect(script).NotTo(ContainSubstring("$[["))
}

// include is a pipeline that has the template of its own repository, with inputs.
func include(g *WithT, inputs map[string]string) string {
	text, err := yaml.Marshal(map[string]any{"include": []any{map[string]any{"local": templatePath, "inputs": inputs}}})
	g.Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("%s\n", text)
}
