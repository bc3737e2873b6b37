package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// Plan is what a run would do. It is worked out by a rehearsal on the embedded mock; a run that meets a fault takes more,
// to look into it.
type Plan struct {
	Effort    Effort                 // that is asked for
	Repeats   Effort                 // how often things are tried: as the effort says, or as a lower one does for the means' sake
	Snapshots map[contract.State]int // that are made, or handed out
	Missing   int                    // ids that name nothing
	Exchanges int                    // with the endpoint
	Looks     int                    // and other requests to the testbed
	Latency   time.Duration          // that a request is taken to need
	Duration  time.Duration          // of the run, then; waits for deletions that take their time come on top
	Checks    []PlannedCheck
	Untried   []report.Rule // that no check of the plan tries, with the reasons
	Assumed   string        // of the testbed, which is not asked; empty where nothing was
}

// PlannedCheck is a check and what it takes.
type PlannedCheck struct {
	Check
	Snapshots, Exchanges int
	GivenUp              string // why it is not part of the plan; empty where it is
}

// All is how many snapshots the plan takes, whatever their state.
func (p *Plan) All() (count int) {
	for _, n := range p.Snapshots {
		count += n
	}
	return count
}

// GivenUp are the checks that the means do not suffice for.
func (p *Plan) GivenUp() []PlannedCheck {
	return slices.DeleteFunc(slices.Clone(p.Checks), func(c PlannedCheck) bool { return c.GivenUp == "" })
}

// MakePlan works out what a run would do. Nothing is asked of the endpoint, nor of the testbed, which is taken to make all
// that its kind can.
func MakePlan(ctx context.Context, config Config, latency time.Duration) (*Plan, error) {
	config, _, err := config.complete()
	if err != nil {
		return nil, &ConfigError{err}
	}
	stage := setting{states: contract.States, assumed: "that the testbed can make snapshots in every state"}
	switch kind, _, _ := strings.Cut(config.Testbed, ":"); {
	case config.Bed != nil:
		stage = settingOf(config.Bed)
	case kind == "file" || kind == "zec": // nothing is sent to open these
		bed, err := testbed.Open(config.Testbed, testbed.Surroundings{})
		if err != nil {
			return nil, &ConfigError{fmt.Errorf("testbed: %w", err)}
		}
		stage = settingOf(bed)
	}
	if stage.states == nil {
		stage.states, err = stage.bed.States(ctx)
		if err != nil {
			return nil, err
		}
	}
	o, err := config.outline(ctx, stage)
	if err != nil {
		return nil, err
	}
	if err := o.take(ctx, latency); err != nil {
		return nil, err
	}
	return &o.Plan, nil
}

// fewest is the effort below quick, for means that do not suffice for that: everything is tried as few times as can be.
const fewest Effort = "fewest"

// amountOf gives how much of everything an effort does.
func amountOf(effort Effort) amount {
	if effort == fewest {
		return amount{again: 1, rounds: 1}
	}
	return efforts[effort]
}

// outline is a plan on its way, and how a run keeps to it.
type outline struct {
	Plan
	config Config
	stage  setting
	amount amount
	given  map[string]string // by the text of a check, why it was given up
	tried  *rehearsal        // of all checks
}

// outline finds the highest effort that the means suffice for, from the one that is asked for downwards; and where they do
// not even suffice for the fewest repeats, the checks that they suffice for.
func (c Config) outline(ctx context.Context, stage setting) (*outline, error) {
	means := means{all: c.Budget}
	if stage.spending != nil {
		means.each, means.missing = map[contract.State]int{}, len(stage.spending.Missing())
		for _, state := range contract.States {
			means.each[state] = stage.spending.Has(state)
		}
	}
	ladder := []Effort{Thorough, Normal, Quick, fewest}
	ladder = ladder[slices.Index(ladder, c.Effort):]
	for _, effort := range ladder {
		amount := amountOf(effort)
		// A run takes more than a third of its price, which a test holds the prices to: no need to rehearse what is far too much.
		if means.bounded() && amount.snapshots > 3*means.most() && c.Filter == "" && c.Walk == "" {
			continue
		}
		if stage.spending != nil {
			amount.portion = 0 // none is to be handed out and not used
		}
		tried, err := c.rehearse(ctx, stage, amount, nil, 0)
		if err != nil {
			return nil, err
		}
		o := &outline{config: c, stage: stage, amount: amount, tried: tried}
		o.Effort, o.Repeats, o.Assumed = c.Effort, effort, stage.assumed
		lack := means.lacks(tried.setup)
		if lack != "" && effort != fewest {
			continue
		}
		if lack != "" {
			return nil, &ConfigError{fmt.Errorf("%s, and a run takes %d before its first check", lack, tried.setup.all())}
		}
		var total bill
		o.given, total = choose(tried.checks, tried.prices, means, tried.setup)
		if len(o.given) > 0 && effort != fewest {
			continue
		}
		o.Snapshots, o.Missing, o.Exchanges = total.snapshots(), total.missing, total.exchanges
		for _, check := range tried.checks {
			price := tried.prices[check.Text]
			o.Checks = append(o.Checks, PlannedCheck{
				Check: check, Snapshots: newBill().with(price).all(), Exchanges: price.exchanges, GivenUp: o.given[check.Text],
			})
		}
		return o, nil
	}
	panic("the last of the ladder is always taken")
}

// take goes through the outline as a run would, to see how long that takes.
func (o *outline) take(ctx context.Context, latency time.Duration) error {
	const telling = 20 * time.Millisecond // a longer latency is not waited for, but worked out
	fast := o.tried
	if len(o.given) > 0 {
		var err error
		if fast, err = o.config.rehearse(ctx, o.stage, o.amount, o.given, 0); err != nil {
			return err
		}
	}
	o.Exchanges, o.Looks, o.Latency, o.Duration = fast.exchanges, fast.looks, latency, fast.took
	for _, rule := range fast.rules {
		if rule.Status == report.Skipped {
			o.Untried = append(o.Untried, rule)
		}
	}
	if latency > 0 {
		tried := min(latency, telling)
		slow, err := o.config.rehearse(ctx, o.stage, o.amount, o.given, tried)
		if err != nil {
			return err
		}
		o.Duration += time.Duration(float64(max(0, slow.took-fast.took)) * float64(latency) / float64(tried))
	}
	o.Duration += o.config.Linger
	if o.config.Rate > 0 {
		o.Duration = max(o.Duration, time.Duration(float64(o.Exchanges+o.Looks)/o.config.Rate*float64(time.Second)))
	}
	return nil
}
