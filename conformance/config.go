package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
	"github.com/zec-conformance/deletesnapshots/conformance/walk"
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
	Testbed     string              // the base URL of the testbed protocol, a path below the endpoint, exec:COMMAND, or file:PATH
	Bed         testbed.Bed         // a testbed in Go, in place of Testbed
	Credentials signing.Credentials // none: requests are not signed, and AUTH-1 is skipped
	Trust       reach.Trust         // where an endpoint and a testbed speak TLS
	HTTP2       bool                // whether the endpoint is spoken to in HTTP/2 without asking, also where nothing is encrypted

	AllowPlaintext    bool     // whether credentials may be sent where others could read them on the way
	DeleteSnapshotsOn []string // the hosts in production on which the run may delete what its testbed makes there

	Seed     int64         // of everything that is arranged by chance; 0 draws one
	Effort   Effort        // default Normal
	Settle   time.Duration // how long a deletion may take to show
	Linger   time.Duration // how long after the last exchange the last look comes, at the least
	Timeout  time.Duration // for one request to the endpoint or the testbed, its answer included
	RunTime  time.Duration // for the whole run, the wait for its turn and the release of its snapshots included; 0 for as long as it takes
	Rate     float64       // how many requests may be made in a second, to endpoint and testbed together; 0 for as many as they bear
	Parallel int           // how many may be made at once; 0 for as many as the checks make
	Strict   bool          // whether breaking a rule of level SHOULD fails the verdict
	Budget   int           // how many snapshots the testbed may be asked for; 0 for as many as the effort takes
	Walk     string        // a walk to take in place of all checks, as a report writes it down
	Filter   string        // a Ginkgo label filter; empty selects all checks
	Baseline string        // a file of known failures; empty for none

	// Planned is called before anything is made, where a budget or the testbed bounds what the run may use, and tells what
	// the run will do with that. It may be nil.
	Planned func(*Plan)

	// Ledger is the file that keeps, as long as the run goes on, what it has had made, so that it can be removed also where
	// the run is killed: by the command's clean, or where Bed is given, by whoever reads it. It must not exist. Empty for
	// none.
	Ledger string

	// AtOnce, when it ends, ends the run without anything more being sent: what the run made is left, and listed in the
	// report. The end of the context that Run is given has it released first. Nil for never.
	AtOnce context.Context

	// Record is written a recording of every exchange, as HAR 1.2 and without secrets, while the run goes on. An error of
	// its own ends the recording and nothing else. It may be nil.
	Record io.Writer

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
	return func() { _ = server.Close() }, nil
}

// NewSeed draws a seed, for runs that are to share one.
func NewSeed() int64 { return 1 + rand.Int64N(1_000_000) } // short enough to be typed again

// complete fills in the defaults and finds what is wrong.
func (c Config) complete() (Config, reach.Base, error) {
	c.Effort = cmp.Or(c.Effort, Normal)
	c.Settle = cmp.Or(c.Settle, DefaultSettle)
	c.Linger = cmp.Or(c.Linger, DefaultLinger)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.AtOnce == nil {
		c.AtOnce = context.Background()
	}
	if c.Seed == 0 {
		c.Seed = NewSeed()
	}
	endpoint, err := reach.Parse(c.Endpoint)
	if err != nil {
		return c, endpoint, fmt.Errorf("endpoint: %w", err)
	}
	if strings.HasSuffix(endpoint.URL(""), contract.Path) {
		return c, endpoint, fmt.Errorf("endpoint: the URL ends with %s, which is appended to it; leave that out", contract.Path)
	}
	if c.HTTP2 {
		endpoint = endpoint.HTTP2()
	}
	if strings.HasPrefix(c.Testbed, "/") {
		c.Testbed = endpoint.With(c.Testbed)
	}
	if err := c.guarded(endpoint); err != nil {
		return c, endpoint, err
	}
	if _, known := efforts[c.Effort]; !known {
		return c, endpoint, fmt.Errorf("effort %q is unknown; give quick, normal or thorough", c.Effort)
	}
	if c.Settle < 0 || c.Linger < 0 || c.Timeout < 0 || c.RunTime < 0 {
		return c, endpoint, errors.New("settle, linger, timeout and the time of the whole run have to be positive")
	}
	if c.Rate < 0 || c.Parallel < 0 {
		return c, endpoint, errors.New("rate and parallel have to be positive; leave them out for no bound")
	}
	if c.Budget < 0 {
		return c, endpoint, fmt.Errorf("a budget of %d snapshots is none; give a positive number", c.Budget)
	}
	if c.Walk != "" {
		if _, err := walk.Parse(c.Walk); err != nil {
			return c, endpoint, fmt.Errorf("the walk cannot be read: %w", err)
		}
	}
	return c, endpoint, nil
}

// amount is how much of everything that can be scaled a run does.
type amount struct {
	everySize bool // every batch size, or only the telling ones
	again     int  // requests of every kind, at the least: a fault that shows now and then has as many chances to show
	rounds    int  // of concurrent work
	portion   int  // of snapshots that are made ahead of need
	walks     walking

	// The price of a run that finds nothing, at the most. It is measured, and held to by a test.
	exchanges, snapshots int
	usual                time.Duration // on the mock, the wait of DefaultLinger included; nothing hangs on it
}

// Prices says what each effort is, and what it takes at the most.
func Prices() string {
	var prices []string
	for _, effort := range []Effort{Quick, Normal, Thorough} {
		price := efforts[effort]
		prices = append(prices, fmt.Sprintf("%s (up to %d exchanges and %d snapshots, some %s on the mock)", effort, price.exchanges, price.snapshots, price.usual))
	}
	return strings.Join(prices, ", ")
}

// walking is how far random walks go.
type walking struct {
	rounds, width, length int

	snapshots int           // that they may cost, the search for the shortest one that shows a fault included
	time      time.Duration // that they may take
	shrink    time.Duration // that the search may take
}

var efforts = map[Effort]amount{
	Quick: {
		everySize: false, again: 4, rounds: 4, portion: 16,
		walks:     walking{rounds: 1, width: 16, length: 1, snapshots: 500, time: 5 * time.Second, shrink: 500 * time.Millisecond},
		exchanges: 1500, snapshots: 3500, usual: 2 * time.Second,
	},
	Normal: {
		everySize: true, again: 150, rounds: 30, portion: 64,
		walks:     walking{rounds: 2, width: 48, length: 2, snapshots: 2000, time: 15 * time.Second, shrink: 4 * time.Second},
		exchanges: 5600, snapshots: 18500, usual: 4 * time.Second,
	},
	Thorough: {
		everySize: true, again: 1500, rounds: 250, portion: 256,
		walks:     walking{rounds: 20, width: 48, length: 3, snapshots: 15000, time: time.Minute, shrink: 10 * time.Second},
		exchanges: 50000, snapshots: 76000, usual: 15 * time.Second,
	},
}
