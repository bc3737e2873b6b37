package main

import (
	"math"
	"runtime/debug"
)

// The collector of garbage comes when so much has been added to what was left the last time. With few snapshots, that would be
// many times a second, at a cost to every request, so that it counts some ballast in; with a million, a little less than the
// usual share keeps the process small.
const (
	ballast = 24 << 20 // bytes
	share   = 80       // percent
)

// makeRoom sees to the memory of a mock, for as long as what it gives is kept: that is the ballast, which nobody touches, so
// that it takes no memory itself. A mock is not held to the memory of a run, since it keeps as many snapshots as it is told to
// make.
func makeRoom() []byte {
	debug.SetMemoryLimit(math.MaxInt64)
	debug.SetGCPercent(share)
	return make([]byte, ballast)
}
