package diff

import (
	"fmt"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// When a difference in latency is more than noise. On a busy machine, one run may take ten times as long as the next, and so may
// any one check of it: but then its answers spread as well, while what makes an implementation slower moves them all. With
// these, no two runs of one implementation were found to differ, of thousands of pairs, while a delay of 20 ms was found nearly
// always.
const (
	leastAnswers = 30    // in each, or quartiles mean little
	leastShare   = 0.5   // of the answers that the other has: with fewer, it was asked otherwise
	leastRatio   = 1.5   // of the medians
	leastGap     = 0.005 // seconds between the medians
	leastRoom    = 0.5   // between the middle halves of the answers, as a part of the wider one
)

// Criterion says in words when a difference in latency is told of.
var Criterion = fmt.Sprintf("slower or faster: of %d answers in each, or more, the middle halves are apart by %g of the width of the wider "+
	"one, and the medians by a factor of %g and by %g ms, at the least", leastAnswers, leastRoom, leastRatio, leastGap*1000)

// Latency is how long answers took, by how many snapshots were named.
type Latency struct {
	Criterion string   `json:"criterion"`
	Missing   string   `json:"missing,omitempty"` // why nothing can be compared
	Buckets   []Bucket `json:"buckets"`
}

// Bucket is the requests that named so many snapshots.
type Bucket struct {
	From  int     `json:"from"`
	To    int     `json:"to,omitempty"` // 0 for no bound
	A     Figures `json:"a"`
	B     Figures `json:"b"`
	Kind  Kind    `json:"kind,omitempty"`  // Slower, Faster or Alike
	Doubt string  `json:"doubt,omitempty"` // why nobody can tell
	Weight
}

// Figures are how long the answers took, in seconds.
type Figures struct {
	Answers int     `json:"answers"`
	P25     float64 `json:"p25"`
	P50     float64 `json:"p50"`
	P75     float64 `json:"p75"`
}

func figures(l report.Latency) Figures { return Figures{l.Exchanges, l.P25, l.P50, l.P75} }

func (p *pair) latency() Latency {
	l := Latency{Criterion: Criterion, Buckets: []Bucket{}}
	switch {
	case len(p.a.Latency) == 0 && len(p.b.Latency) == 0:
		l.Missing = "neither has recorded it"
	case len(p.a.Latency) == 0:
		l.Missing = "A has not recorded it"
	case len(p.b.Latency) == 0:
		l.Missing = "B has not recorded it"
	case p.a.Effort != p.b.Effort || p.a.Filter != p.b.Filter:
		l.Missing = "with another effort or filter, other requests come at the same time"
	}
	if l.Missing != "" {
		return l
	}
	type size struct{ from, to int }
	inB := map[size]report.Latency{}
	for _, b := range p.b.Latency {
		inB[size{b.From, b.To}] = b
	}
	for _, a := range p.a.Latency {
		if b, both := inB[size{a.From, a.To}]; both {
			l.Buckets = append(l.Buckets, bucket(figures(a), figures(b), a.From, a.To))
		}
	}
	if len(l.Buckets) == 0 {
		l.Missing = "they tell the requests apart by other sizes"
	}
	return l
}

func bucket(a, b Figures, from, to int) Bucket {
	bucket := Bucket{From: from, To: to, A: a, B: b}
	few, many := min(a.Answers, b.Answers), max(a.Answers, b.Answers)
	switch {
	case few < leastAnswers:
		bucket.Doubt = "too few answers"
	case float64(few) < leastShare*float64(many):
		bucket.Doubt = "far more answers in one than in the other"
	case slower(a, b):
		bucket.Kind = Slower
	case slower(b, a):
		bucket.Kind = Faster
	case apart(a, b) || apart(b, a):
		bucket.Doubt = "the medians are apart, and the answers spread: a busy machine, or a part of the requests"
	}
	return bucket
}

// slower tells whether b is slower than a beyond noise.
func slower(a, b Figures) bool {
	width := max(a.P75-a.P25, b.P75-b.P25)
	return b.P25 > a.P75 && b.P25-a.P75 >= leastRoom*width && apart(a, b)
}

// apart tells whether the median of b is that much higher.
func apart(a, b Figures) bool { return b.P50 >= leastRatio*a.P50 && b.P50-a.P50 >= leastGap }
