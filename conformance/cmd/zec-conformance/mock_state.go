package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// state is where the mock's snapshots are kept, and which there are to begin with.
type state struct{ path, seed string }

func (s *state) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.path, "state", "", "keep the snapshots in a `FILE`, which is made if there is none, so that the next mock goes on with them")
	flags.StringVar(&s.seed, "seed", "", "begin with the snapshots of a list, a YAML or JSON `FILE`; with --state, only where that makes its file")
}

func (s *state) apply(c *command, serving *serving) error {
	keeps, seeds := serving.flags.Changed("state"), serving.flags.Changed("seed")
	if !keeps && !seeds {
		return nil
	}
	kept, err := s.open(serving.ctx, c, keeps, seeds)
	if err != nil {
		return err
	}
	serving.ends = append(serving.ends, kept.Close)
	serving.options = append(serving.options, mock.WithStore(kept))
	return nil
}

// open gives the store that is to be served.
func (s *state) open(ctx context.Context, c *command, keeps, seeds bool) (*store.Store, error) {
	var wrong error // about the seed
	fill := func(made *store.Store) error {
		if wrong = mock.AddPopulation(ctx, made, s.seed); ctx.Err() != nil {
			wrong = errInterrupted
		} else if wrong != nil {
			wrong = fmt.Errorf("--seed: %w", wrong)
		}
		return wrong
	}
	switch _, err := os.Stat(s.path); {
	case !keeps:
		made := store.New(time.Now)
		return made, fill(made)
	case seeds && s.path != "" && errors.Is(err, fs.ErrNotExist):
		made, err := store.Create(s.path, time.Now, fill)
		if err != nil && wrong == nil {
			err = fmt.Errorf("--state: %w", err)
		}
		return made, err
	}
	found, err := openState(s.path)
	if err == nil && seeds {
		fmt.Fprintf(c.err, "%s is there already, and the mock goes on with what it has; --seed is left out\n", report.Printable(s.path))
	}
	return found, err
}

// openState opens the file that --state names.
func openState(path string) (*store.Store, error) {
	if path == "" {
		return nil, errors.New("--state is empty; give a file for the snapshots to be kept in")
	}
	kept, err := store.Open(path, time.Now)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	return kept, nil
}

// export is the command that writes down what a file of --state has.
func (c *command) export() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "export --state FILE",
		Short: "Write the snapshots of a mock that does not run as a list",
		Long: `Writes the snapshots that "zec-conformance mock --state FILE" has kept to the standard output, as a list that --seed and import
take. Of a mock that runs, GET ` + mock.TestbedPath + `/population gives the same.`,
		Example: `  zec-conformance mock export --state snapshots.db > snapshots.json`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(path); path != "" && errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("--state: there is no file %q; give the one that a mock was served with", path)
			}
			kept, err := openState(path)
			if err != nil {
				return err
			}
			return unlessInterrupted(cmd.Context(), func() error { return errors.Join(mock.WritePopulation(c.out, kept), kept.Close()) })
		},
	}
	cmd.Flags().StringVar(&path, "state", "", "the `FILE` that the snapshots are kept in")
	return cmd
}

// imports is the command that puts a list in the place of what a file of --state has.
func (c *command) imports() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "import --state FILE LIST",
		Short: "Have a mock that does not run go on with the snapshots of a list",
		Long: `Puts the snapshots of a list, as export writes it and --seed takes it, in the place of all that "zec-conformance mock --state FILE"
has kept. The file is made if there is none. With a mock that runs, PUT ` + mock.TestbedPath + `/population does the same.`,
		Example: `  zec-conformance mock import --state snapshots.db snapshots.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no list is given; give a YAML or JSON file, or see %s --help", cmd.CommandPath())
			}
			return noArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var list []store.Snapshot
			err := unlessInterrupted(cmd.Context(), func() (err error) { list, err = mock.ReadPopulation(args[0]); return err })
			if err != nil {
				return err
			}
			kept, err := openState(path)
			if err != nil {
				return err
			}
			return errors.Join(kept.Replace(list...), kept.Close())
		},
	}
	cmd.Flags().StringVar(&path, "state", "", "the `FILE` that the snapshots are kept in")
	return cmd
}
