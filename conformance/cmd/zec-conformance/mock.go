package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

func (c *command) mock() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "Serve the reference mock, until it is interrupted",
		Long: fmt.Sprintf(`Serves the reference implementation at %s, and the testbed protocol, by which snapshots are made, at %s.
It keeps its snapshots in memory and takes any credentials. The first line that it prints is its URL.`, contract.Path, mock.TestbedPath),
		Example: `  zec-conformance mock --addr 127.0.0.1:8080`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), addr) },
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on; port 0 takes a free one")
	return cmd
}

func (c *command) serve(ctx context.Context, addr string) error {
	server, err := mock.Start(addr)
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
	err = server.Wait()
	if !stop() {
		<-stopped // the requests that the mock was at have their answers
	}
	return err
}
