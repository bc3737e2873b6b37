package store_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// The populations that are compared.
const (
	thousand = 1_000
	million  = 1_000_000
)

func fresh(count int) (ids []string, snapshots []store.Snapshot) {
	for range count {
		id := "snap-" + rand.Text()
		ids, snapshots = append(ids, id), append(snapshots, store.Snapshot{ID: id, State: contract.Normal})
	}
	return ids, snapshots
}

func populate(b *testing.B, count int) (*store.Store, []string) {
	b.Helper()
	s := store.New(time.Now)
	ids, snapshots := fresh(count)
	if err := s.Add(snapshots...); err != nil {
		b.Fatal(err)
	}
	return s, ids
}

// BenchmarkDelete is a batch of the greatest size. In its place come as many others, so that the population stays as large
// as it is.
func BenchmarkDelete(b *testing.B) {
	for name, size := range map[string]int{"thousand": thousand, "million": million} {
		b.Run(name, func(b *testing.B) {
			s, ids := populate(b, size)
			for b.Loop() {
				b.StopTimer()
				batch := make([]string, contract.MaxBatch)
				for i, id := range ids[:len(batch)] {
					batch[i] = strings.Clone(id) // as a request has them: they have just been read
				}
				others, snapshots := fresh(len(batch))
				if err := s.Add(snapshots...); err != nil {
					b.Fatal(err)
				}
				ids = append(ids[len(batch):], others...)
				b.StartTimer()
				if left, err := s.Delete(batch); err != nil || len(left) > 0 {
					b.Fatal(left, err)
				}
			}
		})
	}
}

// BenchmarkList is how long everybody else has to wait for somebody who looks at a page of a million.
func BenchmarkList(b *testing.B) {
	s, ids := populate(b, million)
	for name, query := range map[string]store.Query{
		"all":  {Limit: 20},
		"some": {Limit: 20, Match: func(one *store.Snapshot) bool { return one.State == contract.Normal && one.Name == "" }},
		"last": {From: million - 20, Limit: 20},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, total, err := s.List(query)
				if err != nil || total != len(ids) || len(page) != query.Limit {
					b.Fatalf("%d of %d, %v", len(page), total, err)
				}
			}
		})
	}
}
