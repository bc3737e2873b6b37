package conformance

import "sync"

// How much of what a target sent is kept until the run ends. Its answers ought to have a few KiB, of which a run keeps
// some thousands; one that sends more is kept whole only as long as there is room.
const (
	mostKept    = 32 << 20  // bytes of all long answers
	longestKept = 256 << 10 // of one

	mostQuoted   = 8 << 20  // bytes of all long answers in the evidence
	longestQuote = 64 << 10 // of one

	alwaysKept = 2 << 10 // bytes of an answer, and of its header
)

// allowance is how much may still be kept. It may be used by several goroutines.
type allowance struct {
	mu      sync.Mutex
	left    int // bytes
	longest int // of one answer
}

// take tells how much of an answer of that length may be kept, and of its header.
func (a *allowance) take(length int) int {
	if length <= alwaysKept {
		return alwaysKept
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if length = min(length, a.longest); length > a.left {
		return alwaysKept
	}
	a.left -= length
	return a.longest
}
