// Package browser has tests open pages in a Chromium, and listens to what it complains of.
package browser

import (
	"context"
	"os"
	"strconv"
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
	"github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
)

// Patience is how long a browser may take over what a test waits for, on a machine that is busy.
const Patience = 30 * time.Second

// shared is one Chromium for all tests of a package, which is started when the first one needs it. Each has a tab of its own.
var shared struct {
	start sync.Once
	chromium
	err error
}

// Main runs the tests of a package, and ends the browser after them.
func Main(m *testing.M) {
	status := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(status)
}

// chromium is one that runs.
type chromium struct {
	ctx    context.Context
	folder string // that it keeps everything in
	stop   func()
}

// start starts a Chromium, with more options than all have.
func start(path string, more ...chromedp.ExecAllocatorOption) (c chromium, err error) {
	if c.folder, err = os.MkdirTemp("", "browser-test"); err != nil {
		return c, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(c.folder), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(Patience))
	allocated, free := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, quit := chromedp.NewContext(allocated)
	c.ctx = ctx
	c.stop = func() {
		quit()
		free()
		_ = os.RemoveAll(c.folder)
	}
	return c, chromedp.Do(ctx)
}

// find finds the browser.
func find(t *testing.T) string {
	t.Helper()
	return fortest.Program(t, "chromium", "chromium", "chromium-browser", "google-chrome")
}

// Tab is a page in a browser, and what there has been to complain of.
type Tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string // by the console
	requests   []string // URLs
}

// Open opens a tab without a page.
func Open(t *testing.T) *Tab {
	t.Helper()
	path := find(t)
	shared.start.Do(func() { shared.chromium, shared.err = start(path) })
	if shared.err != nil {
		t.Fatalf("Chromium does not start: %v", shared.err)
	}
	return shared.open(t)
}

// open opens a tab that is shut when the test ends.
func (c chromium) open(t *testing.T) *Tab {
	t.Helper()
	ctx, shut := chromedp.NewContext(c.ctx)
	ctx, over := context.WithTimeout(ctx, Patience)
	t.Cleanup(func() { over(); shut() })
	b := &Tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	Call(b, network.Enable, network.EnableParams{})
	Call(b, log.Enable, cdp.Empty{})
	// A tab behind others would be hidden, and a page that nobody sees asks for nothing.
	Call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return b
}

func (b *Tab) hear(event any) {
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

// Do has the browser carry out actions.
func (b *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("%v; the console: %q", err, b.Complained())
	}
}

// Call sends the browser a command.
func Call[P, R any](b *Tab, command cdp.Command[P, R], parameters P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, parameters)
	if err != nil {
		b.t.Fatalf("%v; the console: %q", err, b.Complained())
	}
	return result
}

// Complained gives what there has been to complain of.
func (b *Tab) Complained() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.complaints...)
}

// Requests gives the URLs of everything that was asked for.
func (b *Tab) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.requests...)
}

// strangers are requests for something on another host.
func (b *Tab) strangers(base string) (urls []string) {
	for _, url := range b.Requests() {
		if !strings.HasPrefix(url, base+"/") && url != "about:blank" {
			urls = append(urls, url)
		}
	}
	return urls
}

// Eval gives the value of an expression, or what becomes of it where it is a promise.
func Eval[T any](b *Tab, expression string) (value T) {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v; the console: %q", expression, err, b.Complained())
	}
	return value
}

// Text gives what an element shows.
func (b *Tab) Text(selector string) func() string {
	return func() string {
		return Eval[string](b, "document.querySelector("+strconv.Quote(selector)+")?.innerText ?? ''")
	}
}

// Focused tells what has the focus: its text, or the text of its label.
func (b *Tab) Focused() string {
	return Eval[string](b, "(e => e.tagName === 'BODY' ? '' : (e.labels?.[0] ?? e).textContent)(document.activeElement)")
}

// Press presses keys.
func (b *Tab) Press(keys string) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// TabTo presses the tabulator until something of this name has the focus.
func (b *Tab) TabTo(name string) {
	b.t.Helper()
	for range 60 {
		if strings.HasPrefix(b.Focused(), name) {
			return
		}
		b.Press(kb.Tab)
	}
	b.t.Fatalf("the tabulator does not lead to %q", name)
}

// Quiet expects that there has been nothing to complain of, and that nothing was loaded from anywhere else.
func (b *Tab) Quiet(g *gomega.WithT, base string) {
	b.t.Helper()
	g.Expect(b.Complained()).To(gomega.BeEmpty())
	g.Expect(b.strangers(base)).To(gomega.BeEmpty())
}
