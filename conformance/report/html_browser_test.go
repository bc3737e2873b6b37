package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/browser"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func TestMain(m *testing.M) { browser.Main(m) }

// shown is a page in a browser, from a file.
type shown struct {
	*browser.Tab
	url string
}

func show(t *testing.T, r *report.Report) *shown {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, htmlOf(t, r), 0o600); err != nil {
		t.Fatal(err)
	}
	return &shown{browser.Open(t), "file://" + path}
}

func (s *shown) at(fragment string) {
	s.Do(chromedp.Navigate("about:blank"), chromedp.Navigate(s.url+fragment))
}

// alone expects that the browser had nothing to complain of, and asked for nothing but the page.
func (s *shown) alone(g *WithT) {
	g.Expect(s.Complained()).To(BeEmpty())
	for _, url := range s.Requests() {
		before, _, _ := strings.Cut(url, "#")
		g.Expect(before).To(Or(Equal(s.url), Equal("about:blank")))
	}
}

// visible are the texts of the elements that are seen.
func (s *shown) visible(selector string) []string {
	return browser.Eval[[]string](s.Tab, "[...document.querySelectorAll(`"+selector+"`)].filter(e => e.checkVisibility()).map(e => e.textContent.trim().replace(/\\s+/g, ' '))")
}

const (
	articles = "article h3"
	rules    = "#rules [data-kind] th"
	checks   = "#checks [data-kind] td:nth-child(3)"
)

func TestAPageIsSeenInAnyLight(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	for scheme, widths := range map[string][]int64{
		"light": {320, 640, 961, 1280}, // 640: as of 1280 at 200 %, 961: the least with columns
		"dark":  {320, 1280},
	} {
		for _, width := range widths {
			s.Look(scheme, width)
			s.at("")
			g.Expect(browser.Eval[int](s.Tab, "for (const d of document.querySelectorAll('details')) d.open = true; document.documentElement.scrollWidth")).To(
				BeNumerically("<=", width))
			g.Expect(s.Faint()).To(BeEmpty(), "%s %d", scheme, width)
		}
	}
	g.Expect(browser.Eval[string](s.Tab, "getComputedStyle(document.documentElement).backgroundColor")).To(BeElementOf("rgb(255, 255, 255)", "rgb(18, 21, 26)"))
	s.alone(g)
}

func TestAPageDoesNotJump(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	s.Look("light", 1280)
	s.at("")
	browser.Eval[bool](s.Tab, `window.moved = 0, window.painted = 0
requestAnimationFrame(() => requestAnimationFrame(() => {
  new PerformanceObserver(list => { for (const e of list.getEntries()) moved += e.value }).observe({ type: 'layout-shift', buffered: true })
  new PerformanceObserver(list => { painted += list.getEntries().length }).observe({ type: 'paint', buffered: true })
})), true`)
	g.Eventually(func() int { return browser.Eval[int](s.Tab, "painted") }).WithTimeout(browser.Patience).Should(BeNumerically(">", 0))
	g.Expect(browser.Eval[float64](s.Tab, "moved")).To(BeNumerically("<", 0.001))
	s.alone(g)
}

func TestAPageIsFilteredByMouse(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	s.at("")
	g.Expect(s.Text("#shown")()).To(Equal("2 of 2 failed rules, 6 of 6 rules, 3 of 3 checks"))
	s.Do(chromedp.Click(chromedp.CSS("[value=failed]")))
	g.Expect(s.Text("#shown")()).To(Equal("1 of 2 failed rules, 1 of 6 rules, 1 of 3 checks"))
	g.Expect(s.visible(articles)).To(ConsistOf(ContainSubstring("BATCH-2")))
	s.Do(chromedp.Click(chromedp.CSS("[value=remark]")), chromedp.Click(chromedp.CSS("[value=REQ]")))
	g.Expect(s.visible(articles)).To(ConsistOf(ContainSubstring("REQ-6")))
	g.Expect(s.visible(rules)).To(ConsistOf(ContainSubstring("REQ-6")))
	g.Expect(s.visible("#rules .family")).To(ConsistOf("REQ"))
	g.Expect(browser.Eval[string](s.Tab, "decodeURIComponent(location.hash)")).To(Equal("#status=failed,remark&family=REQ"))

	// A link with the same address shows the same, and a place that is hidden there is shown when it is gone to.
	s.at("#status=failed%2Cremark&family=REQ")
	g.Expect(s.visible(articles)).To(ConsistOf(ContainSubstring("REQ-6")))
	s.Do(chromedp.Click(chromedp.CSS(".first a")))
	g.Eventually(func() []string { return s.visible(articles) }).WithTimeout(browser.Patience).Should(HaveLen(2))
	g.Expect(browser.Eval[bool](s.Tab, "!document.querySelector(':checked')")).To(BeTrue())

	s.Do(chromedp.SendKeys(chromedp.CSS("#text"), "cannot make it"))
	g.Expect(s.visible(rules)).To(ConsistOf(ContainSubstring("STATE-2"), ContainSubstring("STATE-3")))
	g.Expect(s.visible(checks)).To(ConsistOf("STATE-2, STATE-3"))
	s.at("#status=nonsense&family=&text=%E0%A4%A")
	g.Expect(s.Text("#shown")()).NotTo(BeEmpty())
	s.Do(chromedp.Click(chromedp.CSS("#all")))
	g.Expect(s.Text("#shown")()).To(Equal("2 of 2 failed rules, 6 of 6 rules, 3 of 3 checks"))
	g.Expect(browser.Eval[string](s.Tab, "location.hash")).To(BeEmpty())
	s.alone(g)
}

func TestAPageIsUsedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	s.at("")
	s.Press(kb.Tab)
	g.Expect(s.Focused()).To(Equal("Skip to what failed"))
	g.Expect(browser.Eval[float64](s.Tab, "document.activeElement.getBoundingClientRect().top")).To(BeNumerically(">=", 0), "it is not seen")
	s.TabTo("– skipped")
	g.Expect(browser.Eval[string](s.Tab, "getComputedStyle(document.activeElement).outlineStyle")).To(Equal("solid"), "focus is not seen")
	s.Press(" ")
	g.Expect(s.visible(rules)).To(ConsistOf(ContainSubstring("STATE-2"), ContainSubstring("STATE-3")))
	s.TabTo("STATE")
	s.TabTo("Text")
	s.Press("nowhere")
	g.Expect(s.Text("#shown")()).To(HavePrefix("0 of 2 failed rules, 0 of 6 rules"))
	s.TabTo("Show all")
	s.Press(kb.Enter)
	s.TabTo("2. refuses 101 snapshots, time 2")
	s.Press(kb.Enter)
	g.Expect(s.visible("details.failure[open] h4")).To(ContainElement(HavePrefix("2. refuses")))
	s.TabTo("Copy")
	s.alone(g)
}

func TestACommandIsCopied(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	s.at("")
	// Where a page may not write to the clipboard, the command is selected.
	browser.Eval[bool](s.Tab, "Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true }), true")
	s.Do(chromedp.Click(chromedp.CSS(".copy")))
	g.Expect(s.Text(".copy")()).To(Equal("Selected"))
	command := `curl -i -X POST --data-binary '{"snapshotIds":["a<b>"]}' 'http://127.0.0.1:8080/api/v2/zec'`
	g.Expect(browser.Eval[string](s.Tab, "getSelection().toString()")).To(Equal(command))
	browser.Eval[bool](s.Tab, "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async text => { window.copied = text } } }), true")
	s.Do(chromedp.Click(chromedp.CSS(".copy")))
	g.Eventually(s.Text(".copy")).WithTimeout(browser.Patience).Should(Equal("Copied"))
	g.Expect(browser.Eval[string](s.Tab, "window.copied")).To(Equal(command))
	s.alone(g)
}

func TestAPageIsReadByAScreenReader(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	for _, width := range []int64{1280, 320} { // a table is one also where its rows are stacked
		s.Look("light", width)
		s.at("")
		told := s.Told()
		g.Expect(told).To(ContainElements(
			"banner: ", "main: ", "contentinfo: ", "navigation: Parts of this page", "search: Filter rules and checks",
			"region: What failed", "region: The rules", "region: The course of the run", "article: BATCH-2 MUST",
			"heading: not conformant", "heading: What failed", "heading: The rules",
			"table: What became of each rule, by family", "columnheader: Statement", "rowheader: REQ", "rowheader: REQ-1 MUST",
			"image: Time line of 9 exchanges", "image: Outcomes by family", "image: How long answers took, by how many snapshots were named",
			"group: Status", "group: Family", "checkbox: failed", "checkbox: BATCH", "searchbox: Text", "button: Show all", "status: ",
			"button: Copy the curl command of exchange 1", "link: BATCH-2 MUST",
		))
		g.Expect(told).NotTo(ContainElement(MatchRegexp(`^(button|link|checkbox|searchbox|table|region|heading|image|article|DisclosureTriangle): $`)))
	}
	g.Expect(browser.Eval[string](s.Tab, "document.documentElement.lang")).To(Equal("en"))
	s.alone(g)
}

func TestAPageWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	browser.Call(s.Tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	s.at("#status=skipped")
	g.Expect(s.visible(articles)).To(HaveLen(2))
	g.Expect(s.visible(rules)).To(HaveLen(6))
	g.Expect(s.visible(".filter, .copy")).To(BeEmpty())
	s.Do(chromedp.Click(chromedp.CSS("details.failure:not([open]) > summary")))
	g.Expect(s.visible("details.failure[open] > summary")).To(HaveLen(3))
	s.alone(g)
}

func TestAPageIsPrinted(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), show(t, raced(t))
	s.Look("dark", 1280)
	s.at("")
	before := len(s.visible("details[open] > summary"))
	printed := browser.Call(s.Tab, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
	g.Expect(string(printed.Data[:5])).To(Equal("%PDF-"))
	g.Expect(s.visible("details[open] > summary")).To(HaveLen(before), "what was folded is so again")

	// On paper, also where no script opens it, all evidence is there, in black on white, and nothing that has to be clicked on.
	browser.Call(s.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	folded := browser.Eval[int](s.Tab, "[...document.querySelectorAll('article pre, article .header')].filter(e => e.getBoundingClientRect().height === 0).length")
	g.Expect(folded).To(BeZero())
	g.Expect(s.visible("nav, .copy, fieldset, #all, #text, .skip")).To(BeEmpty())
	g.Expect(browser.Eval[string](s.Tab, "getComputedStyle(document.querySelector('.statement')).color")).To(Equal("rgb(27, 31, 36)"))
	s.alone(g)
}

// evil is what a target sends who wants a reader's browser to do something, or the reader to see something else.
var evil = []string{
	`</script><script>window.hacked = 1; alert(1)</script>`,
	`"><img src="http://198.51.100.1/x" onerror="window.hacked = 1">`,
	`' onmouseover=alert(1) autofocus onfocus=alert(1) x='`,
	`</pre></td></table></details></main></svg></style><style>* { display: none }</style>`,
	`javascript:alert(1)`,
	`{{.}} ${alert(1)} <!-- ]]> "; } @import url(http://198.51.100.1/x)`,
	"\u202edrowssap \u2066\u200b\u0000\u0007\x1b[2J\u0085\ufeff\xff\u2028",
	strings.Repeat("a", 1<<16),
	"عربي עברית 😀 👩‍👩‍👧 " + strings.Repeat("\u0301", 100),
}

// TestAPageShowsWhatHostileTargetsSend, and does nothing else with it.
func TestAPageShowsWhatHostileTargetsSend(t *testing.T) {
	t.Parallel()
	harmless := elements(t, htmlOf(t, filled(t, "harmless")))
	for _, text := range evil {
		NewWithT(t).Expect(elements(t, htmlOf(t, filled(t, text)))).To(Equal(harmless), "%.40q makes other elements", text)
	}
	markup := strings.Join(evil[:6], " ")
	for i, text := range append(evil[6:], markup) {
		g, s := NewWithT(t), show(t, filled(t, text))
		s.Look("light", []int64{320, 1280}[i%2])
		s.at("#broken-BATCH-2")
		browser.Eval[bool](s.Tab, "for (const d of document.querySelectorAll('details')) d.open = true; true")
		g.Expect(browser.Eval[bool](s.Tab, "!window.hacked && getComputedStyle(document.body).display === 'block'")).To(BeTrue())
		g.Expect(browser.Eval[string](s.Tab, "document.documentElement.innerText")).NotTo(MatchRegexp(`[\p{Cf}\x00-\x08\x0b-\x1f\x7f-\x9f]`))
		g.Expect(browser.Eval[[]string](s.Tab, wide)).To(BeEmpty(), "%.40q", text)
		if text == markup {
			g.Expect(s.visible("article pre")[0]).To(Equal(text))
		}
		s.alone(g)
	}
}

// wide gives the elements that make a page wider than its window.
const wide = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")].filter(e =>
  !e.closest(".chart") && e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 300))`

// filled is a report that has a text wherever a target, a testbed, or whoever has changed a kept report, may have put one.
func filled(t *testing.T, text string) *report.Report {
	t.Helper()
	r := raced(t)
	r.Endpoint, r.Testbed, r.Effort, r.Filter, r.Reason = text, text, text, text, text
	r.Left, r.Phases = []string{text}, []report.Phase{{Name: text}}
	r.Lost, r.Clean = []ledger.Order{{State: "NORMAL", Count: 1}}, text
	r.Profile = []report.Choice{{Silence: text, Question: text, Words: []string{text}}}
	r.Walk = &report.Walk{Steps: text, Story: []string{text}}
	r.Log.Name, r.Baseline.Name = text, text
	r.Baseline.Entries = []report.Known{{Rule: text, Check: text, Reason: text, Expires: text, Standing: report.Standing(text)}}
	change := func(e *report.Exchange) {
		e.Sent.Method, e.Sent.URL, e.Sent.Body, e.Curl = text, text, text, "curl"
		e.Sent.Header, e.Got.Header = map[string][]string{text: {text}}, map[string][]string{"X": {text}}
		e.Got.Body, e.Got.Error = text, text
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		rule.Statement, rule.Source, rule.Skips, rule.Checks, rule.BrokenBy, rule.Known = text, []string{text}, []string{text}, []string{text}, []string{text}, text
		for j := range rule.Failures {
			f := &rule.Failures[j]
			f.Check, f.What, f.Permitted = text, text, text
			if f.Picture != nil {
				f.Picture.Name, f.Picture.Text = text, text
			}
			for k := range f.Evidence {
				change(&f.Evidence[k])
			}
		}
	}
	for i := range r.Trials {
		r.Trials[i].Check, r.Trials[i].Reason = text, text
		if r.Trials[i].Sample != nil {
			change(r.Trials[i].Sample)
		}
	}
	for i := range r.Timeline.Marks {
		r.Timeline.Marks[i].Check = text
	}
	return r
}
