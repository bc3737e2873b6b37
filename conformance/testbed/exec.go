package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Exec is a program that is the testbed: it reads one JSON request a line from its standard input and writes one JSON
// answer a line to its standard output, in the same order. Requests may come before earlier ones are answered.
//
//	{"verb":"states"}                              {"states":["NORMAL","CREATING"]}
//	{"verb":"make","state":"NORMAL","count":2}     {"snapshotIds":["a","b"]}, or {"cannot":"why"}
//	{"verb":"look","snapshotId":"a"}               {"snapshotId":"a","state":"NORMAL"}, or {"gone":true}
//	{"verb":"release","snapshotId":"a"}            {}
//
// Any answer may be {"error":"why"} instead: the testbed's own failure.
type Exec struct {
	command string
	timeout time.Duration
	names   stateNames

	started sync.Once
	program *program
	err     error // why there is none
}

// NewExec prepares an adapter for the program that sh -c starts by the command. It inherits the environment. It is
// started when it is first needed, once, and ended by Close. Each answer may take as long as timeout, reckoned from the
// answer before it if that came after the request.
func NewExec(command string, timeout time.Duration) *Exec {
	return &Exec{command: command, timeout: timeout}
}

// States implements Bed. States that the contract does not know are left out: no check asks for them.
func (e *Exec) States(ctx context.Context) ([]contract.State, error) {
	said, err := e.ask(ctx, order{Verb: "states"})
	if err != nil {
		return nil, err
	}
	names, err := said.states()
	return e.names.learn(names), err
}

// Make implements Bed.
func (e *Exec) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	said, err := e.ask(ctx, order{Verb: "make", State: e.names.of(state), Count: count})
	if err != nil {
		return nil, err
	}
	return said.made(state, count)
}

// Look implements Bed. A text that JSON cannot hold is not asked about: the program would be asked about another one.
func (e *Exec) Look(ctx context.Context, id string) (Sight, error) {
	if !utf8.ValidString(id) {
		return Sight{}, fmt.Errorf("no JSON can hold %.80q, and so the testbed program is not asked: %w", id, ErrWillNotLook)
	}
	said, err := e.ask(ctx, order{Verb: "look", SnapshotID: &id})
	if err != nil {
		return Sight{}, err
	}
	return said.sight(id)
}

// Release implements Bed.
func (e *Exec) Release(ctx context.Context, id string) error {
	_, err := e.ask(ctx, order{Verb: "release", SnapshotID: &id})
	return err
}

// Close closes the program's standard input, gives it a moment to end, and ends it with whatever it started.
func (e *Exec) Close() error {
	e.started.Do(func() { e.err = errors.New("the testbed is closed") })
	if e.program != nil {
		e.program.close()
	}
	return nil
}

// order is one request.
type order struct {
	Verb       string  `json:"verb"`
	State      string  `json:"state,omitempty"`
	Count      int     `json:"count,omitempty"`
	SnapshotID *string `json:"snapshotId,omitempty"` // may be empty
}

func (e *Exec) ask(ctx context.Context, o order) (said, error) {
	e.started.Do(func() { e.program, e.err = start(e.command, e.timeout) })
	if e.err != nil {
		return said{}, e.err
	}
	line, err := json.Marshal(o)
	if err != nil {
		return said{}, err
	}
	s := said{order: line}
	if s.reply, err = e.program.ask(ctx, append(line, '\n')); err != nil {
		return said{}, err
	}
	if why, failed := s.member("error"); failed {
		return said{}, s.errorf("is an error: %s", why)
	}
	return s, nil
}

// said is what the program answered to an order.
type said struct {
	order []byte
	reply reply
}

func (s said) errorf(format string, arguments ...any) error {
	return fmt.Errorf("the testbed program's answer to %s "+format, append([]any{whole(s.order)}, arguments...)...)
}

// member gives a member as it is written, unless it is absent or null.
func (s said) member(name string) (string, bool) {
	value, has := s.reply[name]
	return whole(value), has && string(value) != "null"
}

func (s said) take(wanted members) error {
	if err := wanted.take(s.reply); err != nil {
		return s.errorf("cannot be read (%w)", err)
	}
	return nil
}

func (s said) states() (names []string, err error) {
	err = s.take(members{"states": &names})
	return names, err
}

func (s said) made(state contract.State, count int) (ids []string, err error) {
	if why, cannot := s.member("cannot"); cannot {
		return nil, fmt.Errorf("%w: %s (%s)", ErrCannotMake, state, why)
	}
	if err := s.take(members{"snapshotIds": &ids}); err != nil {
		return nil, err
	}
	if err := Handed(ids, count); err != nil {
		return ids, s.errorf("%w", err) // with what it did make, so that it can be released
	}
	return ids, nil
}

func (s said) sight(id string) (Sight, error) {
	var gone bool
	var shown, name string
	if err := s.take(members{"gone": &gone, "snapshotId": &shown, "state": &name}); err != nil {
		return Sight{}, err
	}
	if gone {
		return Sight{ID: id, Gone: true}, nil
	}
	sight, err := show(shown, name)
	if err != nil {
		return Sight{}, s.errorf(`%w (of one that is gone, it is {"gone": true})`, err)
	}
	return sight, nil
}
