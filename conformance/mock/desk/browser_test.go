package desk_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/gomega"
)

// patience is how long a browser may take over what a test waits for, on a machine that is busy.
const patience = 30 * time.Second

// browser is one Chromium for all tests, which is started when the first one needs it. Each has a tab of its own.
var browser struct {
	start sync.Once
	ctx   context.Context
	stop  func()
	err   error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(status)
}

// chromium finds the browser. Without it, a test is skipped, save in CI, where it fails: nobody would notice there.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no Chromium, and CI has to look at the page with one: apt-get install chromium")
	}
	t.Skip("there is no Chromium to look at the page with: apt-get install chromium")
	return ""
}

func startBrowser(path string) {
	folder, err := os.MkdirTemp("", "desk-test")
	if err != nil {
		browser.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(folder), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(patience))
	allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, quit := chromedp.NewContext(allocated)
	browser.ctx = ctx
	browser.stop = func() {
		quit()
		free()
		_ = os.RemoveAll(folder)
	}
	browser.err = chromedp.Do(ctx)
}

// tab is a page in a browser, and what there has been to complain of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string // by the console
	requests   []string // URLs
}

// open opens a tab without a page.
func open(t *testing.T) *tab {
	t.Helper()
	path := chromium(t)
	browser.start.Do(func() { startBrowser(path) })
	if browser.err != nil {
		t.Fatalf("Chromium does not start: %v", browser.err)
	}
	ctx, shut := chromedp.NewContext(browser.ctx)
	ctx, over := context.WithTimeout(ctx, patience)
	t.Cleanup(func() { over(); shut() })
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	// A tab behind others would be hidden, and a page that nobody sees asks for nothing.
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return b
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded: // violations of the Content-Security-Policy, too
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		b.complaints = append(b.complaints, "a dialog: "+e.Message)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, string(e.Type))
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("%v; the console: %q", err, b.complained())
	}
}

// call sends the browser a command.
func call[P, R any](b *tab, command cdp.Command[P, R], parameters P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, parameters)
	if err != nil {
		b.t.Fatalf("%v; the console: %q", err, b.complained())
	}
	return result
}

func (b *tab) complained() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.complaints...)
}

// strangers are requests for something on another host.
func (b *tab) strangers(base string) (urls []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if !strings.HasPrefix(url, base+"/") && url != "about:blank" {
			urls = append(urls, url)
		}
	}
	return urls
}

// eval gives the value of an expression.
func eval[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v; the console: %q", expression, err, b.complained())
	}
	return value
}

// text gives what an element shows.
func (b *tab) text(selector string) func() string {
	return func() string { return eval[string](b, "document.querySelector("+quoted(selector)+")?.innerText ?? ''") }
}

// focused tells what has the focus: its text, or the text of its label.
func (b *tab) focused() string {
	return eval[string](b, "(e => e.tagName === 'BODY' ? '' : (e.labels?.[0] ?? e).textContent)(document.activeElement)")
}

// press presses keys.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// tabTo presses the tabulator until something of this name has the focus.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	for range 60 {
		if strings.HasPrefix(b.focused(), name) {
			return
		}
		b.press(kb.Tab)
	}
	b.t.Fatalf("the tabulator does not lead to %q", name)
}

// quiet expects that there has been nothing to complain of, and that nothing was loaded from anywhere else.
func (b *tab) quiet(g *WithT, base string) {
	b.t.Helper()
	g.Expect(b.complained()).To(BeEmpty())
	g.Expect(b.strangers(base)).To(BeEmpty())
}
