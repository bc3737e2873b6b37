package population

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// How many digits a made-up id gets where handed-out ones leave too little room for chance.
const (
	fanciful = 18
	roomy    = 12 // are enough where handed-out ids have them
)

// Missing gives made-up ids that look like those the testbed hands out and that it has confirmed to name nothing.
// Calls share them: a missing id stays missing.
func (p *Population) Missing(ctx context.Context, count int) ([]string, error) {
	if p.spending != nil {
		return p.known(count)
	}
	for {
		p.mu.Lock()
		short := count - len(p.missing)
		if short <= 0 {
			picked := make([]string, count)
			for i, at := range p.rand.Perm(len(p.missing))[:count] {
				picked[i] = p.missing[at]
			}
			p.mu.Unlock()
			return picked, nil
		}
		candidates := p.makeUp(short)
		p.mu.Unlock()

		confirmed, refusal, err := p.confirm(ctx, candidates)
		if err = cmp.Or(err, refusal); err != nil {
			return nil, err
		}
		p.mu.Lock()
		for _, id := range confirmed {
			if !p.madeUp[id] && p.entries[id] == nil {
				p.madeUp[id] = true
				p.missing = append(p.missing, id)
			}
		}
		p.mu.Unlock()
		if len(confirmed) == 0 {
			return nil, fmt.Errorf("the testbed's answer to GET snapshots/%s shows a snapshot that nobody made", candidates[0])
		}
	}
}

// ErrScarce tells that the testbed knows too few ids of nothing, and none can be made up.
var ErrScarce = errors.New("the testbed knows too few ids that name nothing")

// known gives ids of which the testbed knows that they name nothing.
func (p *Population) known(count int) ([]string, error) {
	missing := p.spending.Missing()
	if len(missing) < count {
		return nil, fmt.Errorf("%w: %d, where %d are needed", ErrScarce, len(missing), count)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	picked := make([]string, count)
	for i, at := range p.rand.Perm(len(missing))[:count] {
		picked[i] = missing[at]
		p.madeUp[missing[at]] = true
	}
	return picked, nil
}

// Harmless gives the texts that may be put in the place of an id because they name no snapshot of anybody: the
// testbed confirms that there is none, or shows that it takes the text for a snapshot that it made for this run. Where it
// would not look, or breaks on a text that is no id, nothing is confirmed.
func (p *Population) Harmless(ctx context.Context, texts []string) ([]string, error) {
	if p.spending != nil { // a look at what turns out to be a snapshot would delete it
		known := p.spending.Missing()
		return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !slices.Contains(known, text) }), nil
	}
	confirmed, _, err := p.confirm(ctx, texts)
	return confirmed, err
}

// confirm gives the texts that name no snapshot of anybody, and apart from errors that the testbed would not look.
func (p *Population) confirm(ctx context.Context, texts []string) (confirmed []string, refusal, err error) {
	harmless, failures := make([]bool, len(texts)), make([]error, len(texts))
	var looks sync.WaitGroup
	for i, text := range texts {
		looks.Go(func() {
			failures[i] = rescue.Call(func() error {
				sight, err := p.look(ctx, text)
				p.mu.Lock()
				defer p.mu.Unlock()
				harmless[i] = err == nil && p.entries[text] == nil && (sight.Gone || sight.ID != text && p.entries[sight.ID] != nil)
				return err
			})
		})
	}
	looks.Wait()
	for i, text := range texts {
		switch {
		case harmless[i]:
			confirmed = append(confirmed, text)
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case errors.Is(failures[i], testbed.ErrWillNotLook), failures[i] != nil && !contract.PlausibleID(text):
			refusal = cmp.Or(refusal, failures[i])
		case failures[i] != nil:
			return nil, nil, failures[i]
		}
	}
	return confirmed, refusal, nil
}

// makeUp invents ids. At each place they have a character that handed-out ids have at that place, so that fixed parts,
// separators and alphabets are kept. Where that leaves too little room for chance, letters are kept and digits added.
// The mutex is held.
func (p *Population) makeUp(count int) []string {
	places, sparse := p.places()
	made := make([]string, count)
	for i := range made {
		if !sparse {
			made[i] = p.stretch(p.order[0].id)
			continue
		}
		for _, characters := range places {
			at := p.rand.IntN(len(characters))
			made[i] += characters[at : at+1]
		}
	}
	return made
}

// Sparse tells whether ids are drawn from so many that none is close to another by chance, as those that count up are.
func (p *Population) Sparse() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, sparse := p.places()
	return sparse
}

// places gives the characters that handed-out ids have at each place, and whether that makes so many ids that one drawn
// by chance is nobody's. The mutex is held.
func (p *Population) places() (places []string, sparse bool) {
	const sampled, enough = 64, 1e12
	length, room := len(p.order[0].id), 1.0
	for at := range length {
		var characters string
		for _, e := range p.order[:min(sampled, len(p.order))] {
			if len(e.id) == length && !strings.Contains(characters, e.id[at:at+1]) {
				characters += e.id[at : at+1]
			}
		}
		places, room = append(places, characters), room*float64(len(characters))
	}
	return places, room >= enough
}

// Separators are what the parts of an id are commonly told apart by.
const Separators = "-_.:/"

// stretch keeps an id's prefix up to its last separator, or its letters where it has none, and draws digits for the
// rest. Where the rest is long, as in a UUID that counts up, its length is kept.
func (p *Population) stretch(model string) string {
	const digits = "0123456789"
	prefix := model[:strings.LastIndexAny(model, Separators)+1]
	if prefix == "" {
		prefix = strings.TrimRight(model, digits)
	}
	room := len(model) - len(prefix)
	if room < roomy {
		room = fanciful
	}
	made := []byte(prefix[:min(len(prefix), contract.MaxIDLength-room)])
	for range room {
		made = append(made, digits[1+p.rand.IntN(9)]) // none is a leading zero
	}
	return string(made)
}
