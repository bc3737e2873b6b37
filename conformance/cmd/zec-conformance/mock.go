package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
)

func (c *command) mock() *cobra.Command {
	var addr, mutant string
	parts := []part{&timing{}}
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "Serve the reference mock, until it is interrupted",
		Long: fmt.Sprintf(`Serves the reference implementation at %s, and the testbed protocol, by which snapshots are made, at %s.
The first line that it prints is its URL.

With --mutant it serves an implementation to measure a suite by: a mutant, which breaks a rule, or a twin, which differs
from the mock in what the contract leaves open. "zec-conformance mutants" lists them.`, contract.Path, mock.TestbedPath),
		Example: `  zec-conformance mock --addr 127.0.0.1:8080
  zec-conformance mock --settle 3s
  zec-conformance mock --mutant folds-case`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			serving := &serving{flags: cmd.Flags()}
			for _, part := range parts {
				if err := part.apply(c, serving); err != nil {
					return errors.Join(err, serving.end())
				}
			}
			return errors.Join(c.serve(cmd.Context(), addr, mutant, serving), serving.end())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on; port 0 takes a free one")
	flags.StringVar(&mutant, "mutant", "", "serve the mutant or twin of this `NAME`")
	for _, part := range parts {
		part.register(flags)
	}
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
	flags   *pflag.FlagSet
	options []mock.Option
	around  []func(s *mock.Service, next http.Handler) http.Handler // stands before all of it; the last is the outermost
	ends    []func() error                                          // what is to be done when it is over, the last first
}

func (s *serving) end() error {
	var failures []error
	for _, end := range slices.Backward(s.ends) {
		failures = append(failures, end())
	}
	s.ends = nil
	return errors.Join(failures...)
}

// start serves the mock.
func (s *serving) start(addr string) (*mock.Server, error) {
	service := mock.NewService(s.options...)
	var handler http.Handler = service
	for _, around := range s.around {
		handler = around(service, handler)
	}
	return mock.Serve(addr, handler)
}

// timing is how long the mock takes over what a live service takes its time for.
type timing struct{ creating, settle time.Duration }

func (t *timing) register(flags *pflag.FlagSet) {
	flags.DurationVar(&t.settle, "settle", 0, "how long a snapshot that is deleted is DELETING before it is gone")
	flags.DurationVar(&t.creating, "creating", 0, "how long a snapshot that CreateSnapshot makes is CREATING")
}

func (t *timing) apply(_ *command, s *serving) error {
	if t.creating < 0 || t.settle < 0 {
		return errors.New("--creating and --settle cannot be negative; give a duration such as 2s")
	}
	s.options = append(s.options, mock.WithDelays(t.creating, t.settle))
	return nil
}

func (c *command) serve(ctx context.Context, addr, mutant string, serving *serving) error {
	start := serving.start
	if serving.flags.Changed("mutant") {
		variant, known := mutants.Named(mutant)
		switch {
		case !known:
			return fmt.Errorf("--mutant %q: there is no mutant and no twin of this name; \"zec-conformance mutants\" lists them", mutant)
		case serving.flags.Changed("creating") || serving.flags.Changed("settle"):
			return errors.New("--creating and --settle are the mock's, and --mutant serves another implementation; give one or the other")
		}
		start = variant.Start
		c.introduce(variant)
	}
	defer runtime.KeepAlive(makeRoom())
	server, err := start(addr)
	if err != nil {
		return fmt.Errorf("cannot listen on --addr %q: %w; give another HOST:PORT, or port 0 for a free one", addr, err)
	}
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
	fmt.Fprintf(c.err, "the API is at %s%s, the testbed at %s%s; stop with Ctrl-C\n", server.URL(), contract.Path, server.URL(), mock.TestbedPath)
	if server.RootCAs() != nil {
		fmt.Fprintln(c.err, "its certificate is made anew at every start: have clients not verify it")
	}
	err = server.Wait()
	if !stop() {
		<-stopped // the requests that the mock was at have their answers
	}
	return err
}

// introduce says what is about to be served in place of the mock.
func (c *command) introduce(v mutants.Variant) {
	if v.Mutant() {
		fmt.Fprintf(c.err, "a mutant that breaks %s: it %s\n", strings.Join(v.Rules, ", "), v.Does)
	} else {
		fmt.Fprintf(c.err, "a twin, which breaks nothing: it %s\n", v.Does)
	}
	switch credentials := v.Credentials; {
	case credentials.Token != "":
		fmt.Fprintf(c.err, "it takes the token %q, which is no secret\n", credentials.Token)
	case credentials.Present():
		fmt.Fprintf(c.err, "it takes the key %q with the password %q, which is no secret\n", credentials.KeyID, credentials.Secret)
	}
}
