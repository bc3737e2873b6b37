package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
)

func (c *command) mock() *cobra.Command {
	var addr, mutant string
	var delays delays
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "Serve the reference mock, until it is interrupted",
		Long: fmt.Sprintf(`Serves the reference implementation at %s, and the testbed protocol, by which snapshots are made, at %s.
It keeps its snapshots in memory and takes any credentials. The first line that it prints is its URL.

With --mutant it serves an implementation to measure a suite by: a mutant, which breaks a rule, or a twin, which differs
from the mock in what the contract leaves open. "zec-conformance mutants" lists them.`, contract.Path, mock.TestbedPath),
		Example: `  zec-conformance mock --addr 127.0.0.1:8080
  zec-conformance mock --mutant folds-case`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd, addr, mutant, delays) },
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on; port 0 takes a free one")
	cmd.Flags().StringVar(&mutant, "mutant", "", "serve the mutant or twin of this `NAME`")
	cmd.Flags().DurationVar(&delays.creating, "creating", 0, "how long a snapshot that CreateSnapshot makes is CREATING")
	cmd.Flags().DurationVar(&delays.deleting, "deleting", 0, "how long a snapshot that is deleted is DELETING")
	return cmd
}

// delays are how long the mock takes over what a live service takes its time for.
type delays struct{ creating, deleting time.Duration }

func (d delays) start(addr string) (*mock.Server, error) {
	return mock.Serve(addr, mock.New(mock.WithDelays(d.creating, d.deleting)))
}

func (c *command) serve(cmd *cobra.Command, addr, mutant string, delays delays) error {
	ctx, start := cmd.Context(), delays.start
	delayed := cmd.Flags().Changed("creating") || cmd.Flags().Changed("deleting")
	switch {
	case delays.creating < 0 || delays.deleting < 0:
		return errors.New("--creating and --deleting cannot be negative; give a duration such as 2s")
	case delayed && cmd.Flags().Changed("mutant"):
		return errors.New("--creating and --deleting are the mock's, and --mutant serves another implementation; give one or the other")
	}
	if cmd.Flags().Changed("mutant") {
		variant, known := mutants.Named(mutant)
		if !known {
			return fmt.Errorf("--mutant %q: there is no mutant and no twin of this name; \"zec-conformance mutants\" lists them", mutant)
		}
		start = variant.Start
		c.introduce(variant)
	}
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
