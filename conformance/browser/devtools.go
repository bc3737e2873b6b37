package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// DeveloperTools opens a page from which the modules of Chromium's own developer tools can be loaded, in a browser of its own.
func DeveloperTools(t *testing.T) *Tab {
	t.Helper()
	c, err := start(find(t), chromedp.Flag("remote-debugging-port", "0"), remote.WebSocket) // by which it serves them
	if c.stop != nil {
		t.Cleanup(c.stop)
	}
	if err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	told, err := os.ReadFile(filepath.Join(c.folder, "DevToolsActivePort"))
	if err != nil {
		t.Fatal(err)
	}
	port, _, _ := strings.Cut(string(told), "\n")
	b := c.open(t)
	b.Do(chromedp.Navigate("http://127.0.0.1:" + port + "/devtools/devtools_app.html"))
	return b
}
