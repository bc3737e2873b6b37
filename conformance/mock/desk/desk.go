// Package desk is where people, and the tools of people, see what a mock is doing: a page that stays up to date and can make
// and age snapshots, the last exchanges as JSON, a log, and whether the mock is well.
//
// All of it shows what callers have sent, who may be hostile, and none of it shows what proves who they are.
package desk

import (
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// The places that a desk has.
const (
	PagePath      = "/"
	HealthPath    = "/healthz"
	ExchangesPath = "/exchanges" // below mock.TestbedPath: see Exchanges

	iconPath      = "/favicon.ico" // which browsers ask for by themselves, and would else be on record for
	below         = "/desk/"       // what belongs to the page
	changePath    = below + "change"
	snapshotsPath = below + "snapshots"
	exchangePath  = below + "exchanges/"
)

// Desk shows one mock.
type Desk struct {
	config Config
	forged http.CrossOriginProtection
}

// Config says what a desk knows beyond the mock itself.
type Config struct {
	Hide   func(text string) string // takes secrets out of what somebody sent; nil: there are none
	NoPage bool
}

// New sets up a desk.
func New(config Config) *Desk {
	if config.Hide == nil {
		config.Hide = func(text string) string { return text }
	}
	return &Desk{config: config}
}

//go:embed style.css live.js icon.svg
var files embed.FS

// kinds are the files that the page loads, each with its media type.
var kinds = map[string]string{"style.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}

// Around puts the desk before a mock. Every request that is not for the desk is the mock's, as if there were no desk.
func (d *Desk) Around(s *mock.Service, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handle := d.place(s, r.Method, r.URL.EscapedPath())
		if handle == nil {
			handle = next.ServeHTTP
		}
		handle(w, r)
	})
}

// place finds what answers at a path; nil where that is not the desk's.
func (d *Desk) place(s *mock.Service, method, path string) http.HandlerFunc {
	reading := method == http.MethodGet || method == http.MethodHead
	if reading && path == HealthPath {
		return func(w http.ResponseWriter, _ *http.Request) {
			_, err := s.Store().Counts()
			tellHealth(w, err)
		}
	}
	if d.config.NoPage {
		return nil
	}
	file, ofPage := strings.CutPrefix(path, below)
	number, ofExchange := strings.CutPrefix(path, exchangePath)
	switch {
	case reading && path == PagePath:
		return d.guard(func(w http.ResponseWriter, r *http.Request) { d.showPage(w, r, s) })
	case reading && ofExchange:
		if n, err := strconv.Atoi(number); err == nil {
			return d.guard(func(w http.ResponseWriter, _ *http.Request) { d.showExchange(w, s, n) })
		}
	case reading && (ofPage && kinds[file] != "" || path == iconPath):
		if !ofPage {
			file = "icon.svg"
		}
		return d.guard(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kinds[file]+"; charset=utf-8")
			text, _ := files.ReadFile(file) // is one of kinds. In a piece: what http.ServeFile says of parts of it is plain text
			_, _ = w.Write(text)
		})
	case method == http.MethodPost && path == snapshotsPath:
		return d.guard(func(w http.ResponseWriter, r *http.Request) { d.makeSnapshots(w, r, s) })
	case method == http.MethodPost && path == changePath:
		return d.guard(func(w http.ResponseWriter, r *http.Request) { d.changeSnapshot(w, r, s) })
	}
	return nil
}

// guard keeps other sites' pages from looking at the desk, and from using it in the name of whoever has them open.
func (d *Desk) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Referrer-Policy", "same-origin") // with less, a browser would not say which site a form was on
		header.Set("Cache-Control", "no-store")
		denied := contract.UnknownAction
		denied.Status = http.StatusForbidden
		switch {
		case misled(r):
			mock.Fail(w, mock.Refusal(denied, "This page is on a loopback address, and is shown under localhost, a name without a dot or an IP address only."))
		case d.forged.Check(r) != nil:
			mock.Fail(w, mock.Refusal(denied, "A page of another site cannot do this."))
		default:
			next(w, r)
		}
	}
}

// misled tells whether a browser may have been led to a loopback address by the name of a site that somebody else owns: then
// that site's scripts could read and do everything here. It takes a name with a dot. A mock that others can reach anyway is
// shown under any name: what it is called there only its owner knows.
func misled(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	return strings.Contains(host, ".") && net.ParseIP(host) == nil && !strings.HasSuffix(host, ".localhost")
}

// tellHealth tells whether the mock can keep snapshots: it cannot if its store fails.
func tellHealth(w http.ResponseWriter, failure error) {
	if failure != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "reason": printable(failure.Error())})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", contract.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who has gone need not be told
}
