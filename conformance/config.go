package conformance

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// Effort is how far a run goes.
type Effort string

// The efforts. Every one tries every rule.
const (
	Quick    Effort = "quick"    // the batch sizes at which implementations are known to break, and few repeats
	Normal   Effort = "normal"   // every batch size, every place in a batch
	Thorough Effort = "thorough" // more arrangements, and more repeats under load
)

// The defaults of a Config.
const (
	DefaultSettle  = 30 * time.Second
	DefaultLinger  = 1500 * time.Millisecond
	DefaultTimeout = 30 * time.Second
)

// patience bounds how long one exchange may be put off by 429 or 503.
const patience = 30 * time.Second

// Config says what is judged, and how. One of Endpoint and Handler, and one of Testbed and Bed are needed; the zero
// value of everything else stands for a default.
type Config struct {
	Endpoint    string              // the base URL that the contract's path is appended to
	Handler     http.Handler        // an implementation in Go, in place of Endpoint; it is served on a loopback port
	Testbed     string              // the base URL of the testbed protocol; a path if the Handler serves that too
	Bed         testbed.Bed         // a testbed in Go, in place of Testbed
	Credentials signing.Credentials // none: requests are not signed, and AUTH-1 is skipped
	RootCAs     *x509.CertPool      // by whom an https endpoint and testbed are vouched for; nil: whom the system trusts

	Seed    int64         // of everything that is arranged by chance; 0 draws one
	Effort  Effort        // default Normal
	Settle  time.Duration // how long a deletion may take to show
	Linger  time.Duration // how long after the last exchange the last look comes, at the least
	Timeout time.Duration // for one request to the endpoint or the testbed, its answer included
	Strict  bool          // whether breaking a rule of level SHOULD fails the verdict
	Filter  string        // a Ginkgo label filter; empty selects all checks

	// Progress is called when something has happened, often, and by several goroutines. It may be nil.
	Progress func(report.State)
}

// ConfigError is a Config that cannot be run. Nothing has been sent.
type ConfigError struct{ err error }

func (e *ConfigError) Error() string { return e.err.Error() }
func (e *ConfigError) Unwrap() error { return e.err }

// serve puts the handler, if there is one, on a loopback port, and gives a function that takes it off again.
func (c *Config) serve() (stop func(), err error) {
	if c.Handler == nil {
		return func() {}, nil
	}
	if c.Endpoint != "" {
		return nil, errors.New("both an endpoint and a handler are given; give one of them")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the handler cannot be served on a loopback port: %w", err)
	}
	server := &http.Server{Handler: c.Handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // until it is closed
	c.Endpoint = "http://" + listener.Addr().String()
	if strings.HasPrefix(c.Testbed, "/") {
		c.Testbed = c.Endpoint + c.Testbed
	}
	return func() { _ = server.Close() }, nil
}

// complete fills in the defaults and finds what is wrong.
func (c Config) complete() (Config, *url.URL, error) {
	c.Effort = cmp.Or(c.Effort, Normal)
	c.Settle = cmp.Or(c.Settle, DefaultSettle)
	c.Linger = cmp.Or(c.Linger, DefaultLinger)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.Seed == 0 {
		c.Seed = 1 + rand.Int64N(1_000_000) // short enough to be typed again
	}
	endpoint, err := ParseBase(c.Endpoint)
	if err != nil {
		return c, nil, fmt.Errorf("endpoint: %w", err)
	}
	if _, known := efforts[c.Effort]; !known {
		return c, nil, fmt.Errorf("effort %q is unknown; give quick, normal or thorough", c.Effort)
	}
	if c.Settle < 0 || c.Linger < 0 || c.Timeout < 0 {
		return c, nil, errors.New("settle, linger and timeout have to be positive")
	}
	if c.Bed == nil {
		base, err := ParseBase(c.Testbed)
		if err != nil {
			return c, nil, fmt.Errorf("testbed: %w", err)
		}
		c.Bed = testbed.NewHTTP(base, c.RootCAs, c.Timeout, patience)
	}
	return c, endpoint, nil
}

// ParseBase reads a base URL that paths can be appended to.
func ParseBase(text string) (*url.URL, error) {
	const mend = "give a base such as http://127.0.0.1:8080"
	base, err := url.Parse(text)
	switch {
	case text == "":
		return nil, fmt.Errorf("no URL is given; %s", mend)
	case err != nil:
		// No error repeats the text, which may hold a password.
		return nil, fmt.Errorf("the URL cannot be read; %s", mend)
	case base.User != nil, strings.Contains(text, "@"):
		return nil, errors.New("the URL holds a user name or a password; give credentials in the environment instead")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, fmt.Errorf("the URL has a query or a fragment, to which no path can be appended; %s", mend)
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("the URL does not begin with http:// or https://; %s", mend)
	case base.Hostname() == "":
		return nil, fmt.Errorf("the URL names no host; %s", mend)
	}
	return base, nil
}

// amount is how much of everything that can be scaled a run does.
type amount struct {
	everySize    bool // every batch size, or only the telling ones
	arrangements int  // mixed batches in random order
	repeats      int  // of what is asked again to see whether the answer is always the same
	rounds       int  // of concurrent work
	portion      int  // of snapshots that are made ahead of need
}

var efforts = map[Effort]amount{
	Quick:    {everySize: false, arrangements: 6, repeats: 2, rounds: 8, portion: 32},
	Normal:   {everySize: true, arrangements: 20, repeats: 5, rounds: 16, portion: 64},
	Thorough: {everySize: true, arrangements: 120, repeats: 25, rounds: 120, portion: 64},
}
