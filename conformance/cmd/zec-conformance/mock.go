package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
)

func (c *command) mock() *cobra.Command {
	var addr string
	// Trouble comes first: it says whether the mock is served at all, and stands right before its API. Who shows something
	// comes late, and the state last: it may make a file, which is for nothing where another part has something to object to.
	parts := []part{&troubles{}, &doorkeeping{}, &securing{}, &lint{}, &watching{}, &state{}}
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "Serve the reference mock, until it is interrupted",
		Long: fmt.Sprintf(`Serves the reference implementation at %s, and the testbed protocol, by which snapshots are made, at %s.
The first line that it prints is its URL.

With --mutant it serves an implementation to measure a suite by: a mutant, which breaks a rule, or a twin, which differs
from the mock in what the contract leaves open. "zec-conformance mutants" lists them.

%s

Exit status: 0 it was interrupted, 2 it could not serve; and see --expect-clean.`, contract.Path, mock.TestbedPath, aboutFaults()),
		Example: `  zec-conformance mock --addr 127.0.0.1:8080
  zec-conformance mock --expect-clean
  zec-conformance mock --settle 3s --latency p50=20ms,p99=300ms
  zec-conformance mock --fault SERVICE_TEMPORARY_UNAVAILABLE=5% --fault reset-after=1%
  zec-conformance mock --mutant folds-case`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkAddress(addr); err != nil {
				return err
			}
			serving := &serving{ctx: cmd.Context(), flags: cmd.Flags()}
			err := unlessInterrupted(serving.ctx, func() error {
				for _, part := range parts {
					if err := part.apply(c, serving); err != nil {
						return errors.Join(err, serving.end())
					}
					if serving.whole != nil {
						break // the other parts are the mock's
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			return errors.Join(c.serve(serving.ctx, addr, serving), serving.end())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on; port 0 takes a free one")
	for _, part := range parts {
		part.register(flags)
	}
	cmd.AddCommand(c.export(), c.imports())
	return cmd
}

// part is a group of flags of mock that belong together.
type part interface {
	register(flags *pflag.FlagSet)

	// apply adds what the flags ask for to what is served. Its error is one line that says how to mend it.
	apply(c *command, s *serving) error
}

// serving is what mock is about to serve.
type serving struct {
	ctx     context.Context // of the command
	flags   *pflag.FlagSet
	options []mock.Option
	around  []func(s *mock.Service, next http.Handler) http.Handler // stands before all of it; the last is the outermost
	changes []func(server *http.Server)                             // made before it listens
	served  bool                                                    // whether it came to that
	ends    []func() error                                          // what is to be done when it is over, the last first
	secrets []string                                                // that nothing may show
	page    string                                                  // where the page is; empty: there is none
	whole   *mutants.Variant                                        // served in place of the mock; nil: the mock
	remarks []string                                                // told to people once it listens, a line each
}

// checkAddress tells why nothing can listen on an address, before anything is done for a mock that would.
func checkAddress(addr string) error {
	if addr == "" { // which would be every address of the machine, and a port that nobody chose
		return errors.New("--addr is empty; give HOST:PORT, with port 0 for a free one")
	}
	tried, err := net.Listen("tcp", addr)
	if err != nil {
		return cannotListen(addr, err)
	}
	return tried.Close()
}

func cannotListen(addr string, err error) error {
	return fmt.Errorf("cannot listen on --addr %q: %w; give another HOST:PORT, or port 0 for a free one", addr, err)
}

// errInterrupted is why a command has ended before it was done.
var errInterrupted = errors.New("interrupted before it had read what it was told to, and nothing has changed; start it again")

// unlessInterrupted does something that may wait for ever, as for a pipe that nobody writes to. Where the context ends, it has a
// second to clear up behind it.
func unlessInterrupted(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- rescue.Call(do) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		return errInterrupted
	}
}

func (s *serving) end() error {
	var failures []error
	for _, end := range slices.Backward(s.ends) {
		failures = append(failures, end())
	}
	s.ends = nil
	return errors.Join(failures...)
}

// start serves the mock, or what stands in its place.
func (s *serving) start(addr string) (*mock.Server, error) {
	if s.whole != nil {
		return s.whole.Start(addr)
	}
	service := mock.NewService(s.options...)
	var handler http.Handler = service
	for _, around := range s.around {
		handler = around(service, handler)
	}
	return mock.Serve(addr, handler, s.changes...)
}

func (c *command) serve(ctx context.Context, addr string, serving *serving) error {
	defer runtime.KeepAlive(makeRoom())
	server, err := serving.start(addr)
	if err != nil {
		return cannotListen(addr, err)
	}
	serving.served = true
	defer server.Close()
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ending, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ending) != nil {
			_ = server.Close() // whoever is still connected has had a second
		}
	})
	if _, err := fmt.Fprintln(c.out, server.URL()); err != nil {
		return err
	}
	for _, remark := range serving.remarks {
		fmt.Fprintln(c.err, remark)
	}
	places := fmt.Sprintf("the API is at %s%s, the testbed at %s%s", server.URL(), contract.Path, server.URL(), mock.TestbedPath)
	if serving.page != "" {
		places += fmt.Sprintf(", and a page to watch it at %s%s", server.URL(), serving.page)
	}
	fmt.Fprintln(c.err, places+"; stop with Ctrl-C")
	if server.RootCAs() != nil && !serving.flags.Changed("cert") {
		fmt.Fprintln(c.err, "its certificate is made anew at every start: have clients not verify it")
	}
	err = server.Wait()
	if !stop() {
		<-stopped // the requests that the mock was at have their answers
	}
	return err
}
