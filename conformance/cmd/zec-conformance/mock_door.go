package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/limit"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// doorkeeping is who is let in, and how many at a time.
type doorkeeping struct {
	auth, keys string
	clock      time.Duration
	rate       float64
}

func (d *doorkeeping) register(flags *pflag.FlagSet) {
	flags.StringVar(&d.auth, "auth", string(door.None), "`POLICY` of who is let in: zc2, who signs with a key; bearer, who has a token; none, anybody")
	flags.StringVar(&d.keys, "keys", "", "a `FILE` of keys and tokens (default: the one in the environment)")
	flags.DurationVar(&d.clock, "clock", 0, "how far ahead the clock is that signatures are held against, as in +6m or -6m")
	flags.Float64Var(&d.rate, "rate", 0, "how many requests a second the API takes before it puts them off (default: as many as come)")
}

func (d *doorkeeping) apply(c *command, s *serving) error {
	policy := door.Policy(d.auth)
	switch {
	case !slices.Contains(door.Policies, policy):
		return fmt.Errorf("--auth %q is no policy; give zc2, bearer or none", d.auth)
	case s.flags.Changed("keys") && policy == door.None:
		return errors.New("--keys has keys that nobody is asked for; give --auth zc2 or --auth bearer as well")
	case s.flags.Changed("clock") && policy != door.ZC2:
		return errors.New("--clock is what signatures are held against; give --auth zc2 as well")
	case s.flags.Changed("rate") && (!(d.rate > 0) || math.IsInf(d.rate, 0)):
		return fmt.Errorf("--rate %g is not a positive number of requests a second", d.rate)
	}
	if policy != door.None {
		guard, err := d.guard(c, s, policy)
		if err != nil {
			return err
		}
		s.options = append(s.options, guard)
	} else if !s.flags.Changed("auth") {
		d.remark(c)
	}
	if s.flags.Changed("rate") {
		s.options = append(s.options, limit.Rate(d.rate)) // after the door, and so before it
	}
	return nil
}

// guard is the door that a policy asks for.
func (d *doorkeeping) guard(c *command, s *serving, policy door.Policy) (mock.Option, error) {
	keys, err := d.read(c, s)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		s.secrets = append(s.secrets, key.Credentials.Secrets()...)
	}
	guard, err := door.New(door.Config{
		Policy: policy, Keys: keys,
		Clock: func() time.Time { return time.Now().Add(d.clock) },
	})
	if err != nil {
		return nil, fmt.Errorf("--auth: %w; set %s, or give --keys FILE", err, signing.Names)
	}
	return guard.Option(), nil
}

// read gives the keys of the file, or else the one in the environment.
func (d *doorkeeping) read(c *command, s *serving) ([]door.Key, error) {
	if s.flags.Changed("keys") {
		keys, err := door.ReadKeys(d.keys)
		if err != nil {
			return nil, fmt.Errorf("--keys: %w; give a YAML list of keys such as {id: …, password: …} or {token: …}", err)
		}
		return keys, nil
	}
	credentials, err := signing.FromEnvironment(c.environment)
	if err != nil {
		return nil, err
	}
	if !credentials.Present() {
		return nil, nil
	}
	return []door.Key{{Credentials: credentials}}, nil
}

// remark tells whoever has credentials set that nobody asks for them: a client that sends wrong ones, or none, would
// else be taken for one that sends the right ones.
func (d *doorkeeping) remark(c *command) {
	if credentials, err := signing.FromEnvironment(c.environment); err != nil || credentials.Present() {
		fmt.Fprintln(c.err, "there are credentials in the environment, and everybody is let in all the same; --auth zc2 or --auth bearer has them asked for")
	}
}
