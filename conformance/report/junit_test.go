package report_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// element is a piece of XML as it is read back.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, attr := range e.Attrs {
		if attr.Name.Local == name {
			return attr.Value
		}
	}
	return ""
}

func (e element) all(name string) (found []element) {
	for _, child := range e.Children {
		if child.XMLName.Local == name {
			found = append(found, child)
		}
	}
	return found
}

func parsed(t *testing.T, text string) (root element) {
	t.Helper()
	if err := xml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return root
}

// gitLabCase is a test case as GitLab takes it: a failure counts before an error, an error before a skip, each by its text.
type gitLabCase struct{ Suite, Class, Name, Status, Output string }

// gitLab reads a report as GitLab does.
func gitLab(root element) (cases []gitLabCase) {
	for _, suite := range root.all("testsuite") {
		for _, c := range suite.all("testcase") {
			own := gitLabCase{suite.attr("name"), c.attr("classname"), c.attr("name"), "success", ""}
			for _, status := range []string{"skipped", "error", "failure"} {
				for _, child := range c.all(status) {
					own.Status, own.Output = status, child.Text
				}
			}
			cases = append(cases, own)
		}
	}
	return cases
}

// xmllint finds the program that holds XML against a schema. Without it, a test is skipped, save in CI, where it fails.
func xmllint(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("xmllint")
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal("there is no xmllint, and CI has to hold JUnit reports against their schema: apt-get install libxml2-utils")
	default:
		t.Skip("there is no xmllint to hold JUnit reports against their schema: apt-get install libxml2-utils")
	}
	return path
}

func TestJUnitFitsTheSchema(t *testing.T) {
	t.Parallel()
	program, folder := xmllint(t), t.TempDir()
	all := results(t)
	all["huge"] = huge(t)
	for _, text := range hostileTexts {
		all["spoiled with "+text] = spoiled(t, text)
	}
	args := []string{"--noout", "--schema", filepath.Join("testdata", "jenkins-junit.xsd")}
	for _, r := range all {
		path := filepath.Join(folder, strings.Repeat("x", len(args))+".xml")
		if err := os.WriteFile(path, []byte(formed(t, r, "junit")), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestJUnitKeepsToWhatAllReadersTake: the later schema of Jenkins' xUnit plugin wants the counts of every suite and times in
// plain digits, the earlier one knows no attribute of a skip.
func TestJUnitKeepsToWhatAllReadersTake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	allowed := map[string]string{
		"testsuites": "^(name|tests|failures|errors|time)$",
		"testsuite":  "^(name|tests|failures|errors|skipped|time|timestamp)$",
		"property":   "^(name|value)$",
		"testcase":   "^(name|classname|time)$",
		"failure":    "^(type|message)$",
		"error":      "^(type|message)$",
	}
	var look func(element)
	look = func(e element) {
		for _, attr := range e.Attrs {
			g.Expect(allowed[e.XMLName.Local]).NotTo(BeEmpty(), e.XMLName.Local)
			g.Expect(attr.Name.Local).To(MatchRegexp(allowed[e.XMLName.Local]))
			if attr.Name.Local == "time" {
				g.Expect(attr.Value).To(MatchRegexp(`^\d+\.\d{3}$`))
			}
			g.Expect(len(attr.Value)).To(BeNumerically("<=", 1000))
		}
		for _, child := range e.Children {
			look(child)
		}
	}
	for _, r := range results(t) {
		root := parsed(t, formed(t, r, "junit"))
		look(root)
		for _, suite := range root.all("testsuite") {
			for _, name := range []string{"name", "tests", "failures", "errors", "time"} {
				g.Expect(suite.attr(name)).NotTo(BeEmpty())
			}
		}
	}
}

func TestJUnitAgreesWithTheExitStatus(t *testing.T) {
	t.Parallel()
	for name, r := range results(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			count := map[string]int{}
			for _, c := range gitLab(parsed(t, formed(t, r, "junit"))) {
				count[c.Status]++
			}
			switch r.ExitStatus() {
			case 0:
				g.Expect(count["failure"] + count["error"]).To(BeZero())
			case 1:
				g.Expect(count["failure"] + count["error"]).NotTo(BeZero())
			case 2:
				g.Expect(count["error"]).To(Equal(1))
				g.Expect(count["failure"]).To(BeZero(), "nothing is said about the implementation")
			}
		})
	}
}

func TestJUnitCountsAddUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	number := func(e element, name string) float64 {
		var n float64
		g.Expect(xml.Unmarshal([]byte("<n>"+e.attr(name)+"</n>"), &n)).To(Succeed())
		return n
	}
	for _, r := range results(t) {
		root := parsed(t, formed(t, r, "junit"))
		sum := map[string]float64{}
		for _, suite := range root.all("testsuite") {
			own := map[string]float64{}
			for _, c := range suite.all("testcase") {
				own["tests"]++
				own["time"] += number(c, "time")
				own["failures"] += float64(len(c.all("failure")))
				own["errors"] += float64(len(c.all("error")))
				own["skipped"] += float64(len(c.all("skipped")))
				g.Expect(len(c.all("failure")) + len(c.all("error")) + len(c.all("skipped"))).To(BeNumerically("<=", 1))
			}
			for name, n := range own {
				g.Expect(number(suite, name)).To(BeNumerically("~", n, 1e-9), name)
				sum[name] += n
			}
		}
		for _, name := range []string{"tests", "failures", "errors", "time"} {
			g.Expect(number(root, name)).To(BeNumerically("~", sum[name], 1e-9), name)
		}
		g.Expect(sum["tests"]).To(BeEquivalentTo(len(r.Rules) + 1))
	}
}

func TestJUnitSaysWhatIsToBeKnown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := results(t)["broken"]
	r.Profile = []report.Choice{{Silence: "empty-list", Question: "An empty list.", Words: []string{"refused"}}}
	root := parsed(t, formed(t, r, "junit"))
	by := map[string]gitLabCase{}
	for _, c := range gitLab(root) {
		id, _, _ := strings.Cut(c.Name, " ")
		g.Expect(by).NotTo(HaveKey(id), "a name is used twice")
		by[id] = c
	}
	var suites []string
	for _, suite := range root.all("testsuite") {
		suites = append(suites, suite.attr("name")+" "+suite.attr("time"))
	}
	g.Expect(suites).To(Equal([]string{"run 0.000", "REQ 0.250", "BATCH 1.500", "STATE 0.000"}), "a check counts for the first rule that it tries")
	g.Expect(by["BATCH-2"]).To(And(
		HaveField("Suite", "BATCH"), HaveField("Class", "DeleteSnapshots.BATCH"), HaveField("Status", "failure"),
		HaveField("Name", "BATCH-2 A call with 101 snapshots, or many more, is refused.")))
	for _, part := range []string{"200 for a batch over the limit", "permitted  a refusal", "source: ", "exchange 1", "curl -i", "broken 7 times"} {
		g.Expect(by["BATCH-2"].Output).To(ContainSubstring(part))
	}
	g.Expect(by["REQ-6"].Status).To(Equal("skipped"))
	g.Expect(by["REQ-6"].Output).To(HavePrefix("A known failure: the gateway is replaced in spring\n"))
	g.Expect(by["STATE-2"].Output).To(Equal("keeps what is CREATING: the testbed cannot make it"))
	g.Expect(by["REQ-1"].Status).To(Equal("success"))
	g.Expect(formed(t, r, "junit")).To(ContainSubstring("An empty list. refused"))
	g.Expect(gitLab(parsed(t, formed(t, results(t)["hopeless"], "junit")))[0].Output).To(Equal("the testbed lies"))
	g.Expect(gitLab(parsed(t, formed(t, results(t)["remarks"], "junit")))).To(ContainElement(
		And(HaveField("Status", "skipped"), HaveField("Output", HavePrefix("A remark")))))
}

func TestJUnitIsBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(len(formed(t, huge(t), "junit"))).To(BeNumerically("<", 12<<20))
	r := huge(t)
	for len(r.Rules) < 5000 {
		r.Rules = append(r.Rules, quiet(t).Rules...)
	}
	g.Expect(formed(t, r, "junit")).To(ContainSubstring("4500 rules left out"))
}

// notInXML is what no document of XML 1.0 may have.
var notInXML = regexp.MustCompile(`[^\t\n\r\x20-\x{d7ff}\x{e000}-\x{fffd}\x{10000}-\x{10ffff}]`)

func expectXML(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || notInXML.MatchString(text) {
		t.Errorf("there are characters that XML has not in %q", text)
	}
	parsed(t, text)
}

// TestJUnitNamesWhatWasJudged, and nothing that a log does not have.
func TestJUnitNamesWhatWasJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	properties := func(r *report.Report) map[string]string {
		named := map[string]string{}
		for _, p := range parsed(t, formed(t, r, "junit")).all("testsuite")[0].all("properties")[0].all("property") {
			named[p.attr("name")] = p.attr("value")
		}
		return named
	}
	g.Expect(properties(quiet(t))).To(And(HaveKeyWithValue("seed", "42"), Not(HaveKey("log")), Not(HaveKey("filter"))))
	log := quiet(t)
	log.Testbed, log.Seed, log.Effort, log.Log = "", 0, "", &report.Log{Name: "production.har"}
	g.Expect(properties(log)).To(And(HaveKeyWithValue("log", "production.har"), Not(HaveKey("seed")), Not(HaveKey("testbed"))))
}
