package desk_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/browser"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

const (
	creating = contract.State(api.Creating)

	states    = "#states" // where the page has what
	newest    = "#newest"
	exchanges = "#last"
	notice    = "#notice"
)

func TestMain(m *testing.M) { browser.Main(m) }

func TestThePageStaysUpToDate(t *testing.T) {
	t.Parallel()
	g, b, w := NewWithT(t), browser.Open(t), serve(t, desk.Config{})
	ids := w.Create(contract.Normal, 3)
	b.Do(chromedp.Navigate(w.url))
	g.Expect(b.Text("#summary")()).To(Equal("3 snapshots, 0 exchanges with the API"))
	g.Expect(b.Text(states)()).To(MatchRegexp(`NORMAL\s+3\s`))
	g.Expect(b.Text(newest)()).To(ContainSubstring(ids[2]))
	browser.Eval[bool](b, "window.stayed = true")

	w.delete(ids[0])
	g.Eventually(b.Text(states)).WithTimeout(browser.Patience).Should(MatchRegexp(`NORMAL\s+2\s`))
	g.Expect(b.Text(newest)()).NotTo(ContainSubstring(ids[0]))
	g.Expect(b.Text(exchanges)()).To(And(ContainSubstring(contract.Action), ContainSubstring("200 OK"), ContainSubstring("keeps the contract")))

	w.call(`{"snapshotIds": ["`+ids[0]+`"]}`, nil)
	g.Eventually(b.Text(exchanges)).WithTimeout(browser.Patience).Should(And(
		ContainSubstring("404 "+contract.NotFound.Code), ContainSubstring("CALL-5"), ContainSubstring("no "+contract.HeaderVersion)))
	g.Expect(browser.Eval[bool](b, "window.stayed")).To(BeTrue(), "it was loaded anew")

	b.Do(chromedp.Click(chromedp.CSS("#pause")))
	g.Expect(browser.Eval[string](b, "document.querySelector('#pause').ariaPressed")).To(Equal("true"))
	asked := browser.Eval[int](b, "performance.getEntriesByType('resource').length")
	w.delete(ids[1])
	g.Consistently(func() int { return browser.Eval[int](b, "performance.getEntriesByType('resource').length") }).WithTimeout(1500 * 1e6).Should(BeNumerically("<=", asked+1))
	g.Expect(b.Text(states)()).To(MatchRegexp(`NORMAL\s+2\s`))
	b.Do(chromedp.Click(chromedp.CSS("#pause")))
	g.Eventually(b.Text(states)).WithTimeout(browser.Patience).Should(MatchRegexp(`NORMAL\s+1\s`))
	b.Quiet(g, w.url)
}

func TestThePageIsUsedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	g, b, w := NewWithT(t), browser.Open(t), serve(t, desk.Config{})
	b.Do(chromedp.Navigate(w.url))
	b.TabTo("State")
	b.Press("C")
	b.TabTo("How many")
	b.Press(kb.End + kb.Backspace + "2")
	b.TabTo("Make")
	g.Expect(browser.Eval[string](b, "getComputedStyle(document.activeElement).outlineStyle")).To(Equal("solid"), "focus is not seen")
	b.Press(" ")
	g.Eventually(b.Text(notice)).WithTimeout(browser.Patience).Should(Equal("Made 2 snapshots in CREATING."))
	g.Expect(b.Focused()).To(Equal("Make"))
	made, _ := w.Store().Newest(10)
	g.Expect(made).To(HaveLen(2))

	b.TabTo("Age to NORMAL " + made[0].ID)
	b.Press(kb.Enter)
	g.Eventually(b.Text(notice)).WithTimeout(browser.Patience).Should(Equal(made[0].ID + " is NORMAL now."))
	g.Expect(w.state(made[0].ID)).To(Equal(contract.Normal))
	g.Expect(b.Focused()).To(Equal(made[0].ID), "what had the focus is no more, and its row has it")
	b.TabTo("Release " + made[0].ID)
	b.Press(kb.Enter)
	g.Eventually(b.Focused).WithTimeout(browser.Patience).Should(Equal("Release "+made[1].ID), "the next row has the focus")
	g.Expect(w.state(made[0].ID)).To(BeEmpty())

	w.Release(made[1].ID) // by somebody else
	g.Eventually(b.Focused).WithTimeout(browser.Patience).Should(Equal("Snapshots"), "with no row left, the heading has it")
	b.Quiet(g, w.url)
}

// TestASnapshotIsBroughtToAnyState goes by an id that only a query can hold.
func TestASnapshotIsBroughtToAnyState(t *testing.T) {
	t.Parallel()
	g, b, w := NewWithT(t), browser.Open(t), serve(t, desk.Config{})
	const id = "a\r\n&id=b\"' +\u202e"
	g.Expect(w.Store().Add(store.Snapshot{ID: id, State: contract.Leaving})).To(Succeed())
	b.Do(chromedp.Navigate(w.url), chromedp.Click(chromedp.CSS(newest+" a")), chromedp.WaitVisible(chromedp.CSS("#to")))
	b.Do(chromedp.SetValue(chromedp.CSS("#to"), "FAILED"), chromedp.Click(chromedp.CSS("#found [data-act=put]")))
	g.Eventually(b.Text(notice)).WithTimeout(browser.Patience).Should(HaveSuffix("is FAILED now."))
	g.Expect(w.state(id)).To(Equal(contract.State("FAILED")))
	g.Expect(b.Text("#found")()).To(ContainSubstring("It is FAILED"))
	b.Do(chromedp.Click(chromedp.CSS("#found [data-act=release]")))
	g.Eventually(b.Text("#found")).WithTimeout(browser.Patience).Should(ContainSubstring("There is no snapshot"))
	b.Quiet(g, w.url)
}

func TestThePageWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	g, b, w := NewWithT(t), browser.Open(t), serve(t, desk.Config{})
	browser.Call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.Do(chromedp.Navigate(w.url), chromedp.SetValue(chromedp.CSS("#state"), "DELETING"), chromedp.Click(chromedp.CSS("[action^='/desk/snapshots'] button")),
		chromedp.WaitVisible(chromedp.CSS(notice+" p")))
	g.Expect(b.Text(notice)()).To(Equal("Made 1 snapshot in DELETING."))
	g.Expect(b.Text("header")()).To(ContainSubstring("Without scripts"))
	g.Expect(b.Text("header")()).NotTo(ContainSubstring("Pause"))
	made, _ := w.Store().Newest(1)
	b.Do(chromedp.Click(chromedp.CSS(newest + " [data-act=next]")))
	g.Eventually(b.Text(notice)).WithTimeout(browser.Patience).Should(Equal(made[0].ID + " is gone."))
	g.Expect(w.state(made[0].ID)).To(BeEmpty())
	w.delete("a")
	b.Do(chromedp.Click(chromedp.CSS(".controls a")), chromedp.WaitVisible(chromedp.CSS(exchanges+" a")))
	g.Expect(b.Text(exchanges)()).To(ContainSubstring(contract.Action))
	b.Quiet(g, w.url)
}

// hostile is what a caller sends who wants a reader's browser to do something.
var hostile = []string{
	`<script>window.hacked = 1; alert(1)</script>`,
	`"><img src="http://198.51.100.1/x" onerror="window.hacked = 1">`,
	`' onmouseover=alert(1) x='`,
	`</pre></td></table></main><style>* { display: none }</style>`,
	`javascript:alert(1)`,
	`{{.}} ${alert(1)}`,
	"\u202edrowssap \u2066\u200b\u0000\u0007\u001b[2J\u0085\ufeff",
	strings.Repeat("a", 1<<20),
}

func TestThePageShowsWhatHostileCallersSend(t *testing.T) {
	t.Parallel()
	g, b := NewWithT(t), browser.Open(t)
	w := serve(t, desk.Config{}, blaming(func(x *mock.Exchange) string { return x.Action + string(x.Request) }))
	for i, text := range hostile {
		g.Expect(w.Store().Add(store.Snapshot{ID: text, State: creating, Facts: store.Facts{Name: text}})).To(Succeed())
		header := map[string]string{"User-Agent": text[:min(len(text), 1<<19)], "X-" + strings.Repeat("long", 100): "x"}
		if !strings.ContainsAny(text, "\x00\a\x1b") {
			header[contract.HeaderAction] = header["User-Agent"]
		} else {
			header["User-Agent"] = "\u202edrowssap"
		}
		body := text
		if i%2 == 0 {
			body = `{"snapshotIds": [` + quoted(text) + `]}`
		}
		w.call(body, header)
	}
	addresses := []string{w.url, w.url + "/?only=remarks&did=released&id=" + url.QueryEscape(hostile[0]+hostile[6])}
	for i := range w.Exchanges() {
		addresses = append(addresses, fmt.Sprintf("%s/desk/exchanges/%d", w.url, i+1))
	}
	for _, text := range []string{hostile[1], hostile[4], hostile[6]} {
		addresses = append(addresses, w.url+"/?snapshot="+url.QueryEscape(text))
	}
	for _, address := range addresses {
		b.Do(chromedp.Navigate(address))
		// No node is made of what was sent, and nothing that is shown does anything to the writing around it.
		g.Expect(browser.Eval[bool](b, "!window.hacked && !document.querySelector('img, body script, style, [onerror], [onmouseover], [href^=javascript]')")).To(BeTrue(), address)
		g.Expect(browser.Eval[string](b, "document.documentElement.innerText")).NotTo(MatchRegexp(`[\p{Cf}\x00-\x08\x0b-\x1f\x7f-\x9f]`), address)
		g.Expect(browser.Eval[int](b, "document.documentElement.scrollWidth - innerWidth")).To(BeNumerically("<=", 0), address)
	}
	b.Do(chromedp.Navigate(w.url))
	g.Expect(b.Text(newest)()).To(And(ContainSubstring(hostile[0]), ContainSubstring(hostile[1]), ContainSubstring(`\u202edrowssap`)))
	b.Do(chromedp.Navigate(w.url + "/desk/exchanges/1"))
	g.Expect(b.Text("main")()).To(ContainSubstring(hostile[0]))
	b.Quiet(g, w.url)
}

// TestThePageIsReadByAScreenReader goes through what a browser tells one.
func TestThePageIsReadByAScreenReader(t *testing.T) {
	t.Parallel()
	g, b, w := NewWithT(t), browser.Open(t), serve(t, desk.Config{})
	ids := w.Create(creating, 2)
	w.delete("a")
	for _, width := range []int64{1280, 320} { // a table is one also where its rows are stacked
		b.Look("light", width)
		b.Do(chromedp.Navigate(w.url))
		told := b.Told()
		g.Expect(told).To(ContainElements(
			"RootWebArea: DeleteSnapshots mock", "banner: ", "main: ", "contentinfo: ", "navigation: For machines", "search: Find a snapshot",
			"region: Snapshots", "region: Exchanges with the API", "form: Make snapshots",
			"heading: DeleteSnapshots mock", "heading: Snapshots", "heading: Exchanges with the API", "heading: Make snapshots",
			"table: By state", "table: The newest", "table: The last ones",
			"columnheader: State", "columnheader: Answer", "columnheader: Your client, by the contract", "rowheader: NORMAL",
			"combobox: State", "spinbutton: How many", "textbox: Id", "button: Make", "button: Pause live updates",
			"button: Age to NORMAL "+ids[0], "button: Release "+ids[1], "link: "+ids[0], "link: Exchange 1", "status: ",
		))
		g.Expect(told).NotTo(ContainElement(MatchRegexp(`^(button|link|combobox|spinbutton|textbox|table|region|heading): $`)))
	}
	g.Expect(browser.Eval[string](b, "document.documentElement.lang")).To(Equal("en"))
	g.Expect(browser.Eval[int](b, "document.querySelectorAll('table [aria-live], [aria-live] table').length")).To(BeZero(), "nobody wants a table read out every second")
	g.Expect(browser.Eval[int](b, "[...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size")).To(BeZero())
	b.Quiet(g, w.url)
}

func TestThePageFitsAndIsSeen(t *testing.T) {
	t.Parallel()
	g, b := NewWithT(t), browser.Open(t)
	w := serve(t, desk.Config{}, blaming(func(*mock.Exchange) string { return "this" }), mock.WithObserver(func(x *mock.Exchange) { x.Fault = "late" }))
	id := w.Create(creating, 30)[0]
	w.delete(id)
	w.delete(w.Create(contract.Normal, 1)...)
	w.call("", nil)
	for scheme, widths := range map[string][]int64{
		"light": {320, 640, 961, 1280}, // 640: as of 1280 at 200 %, 961: the least with columns
		"dark":  {320, 1280},
	} {
		for _, width := range widths {
			b.Look(scheme, width)
			for _, path := range []string{"/?did=made&state=NORMAL&count=2&snapshot=" + id, "/desk/exchanges/1"} {
				b.Do(chromedp.Navigate(w.url + path))
				g.Expect(browser.Eval[int](b, "document.documentElement.scrollWidth")).To(BeNumerically("<=", width), path)
				g.Expect(b.Faint()).To(BeEmpty(), "%s %d %s", scheme, width, path)
				g.Expect(browser.Eval[int](b, "document.getAnimations().length")).To(BeZero())
			}
		}
	}
	b.Quiet(g, w.url)
}

func TestThePageTellsThatTheMockIsGone(t *testing.T) {
	t.Parallel()
	g, b, w := NewWithT(t), browser.Open(t), serve(t, desk.Config{})
	b.Do(chromedp.Navigate(w.url))
	w.stop()
	g.Eventually(b.Text("#connection")).WithTimeout(browser.Patience).Should(ContainSubstring("does not answer"))
	b.Do(chromedp.Click(chromedp.CSS("[action^='/desk/snapshots'] button")))
	g.Eventually(b.Text(notice)).WithTimeout(browser.Patience).Should(ContainSubstring("may not have been done"))
}
