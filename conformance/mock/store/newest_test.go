package store_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

func TestNewestAreTheLastThatAreThere(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), store.New(time.Now)
	g.Expect(s.Newest(3)).To(BeEmpty())
	for i := range 10 {
		g.Expect(s.Add(store.Snapshot{ID: fmt.Sprint(i), State: contract.Normal})).To(Succeed())
	}
	for _, gone := range []string{"9", "7", "0"} {
		g.Expect(s.Release(gone)).To(Succeed())
	}
	ids := func(limit int) (ids []string) {
		newest, err := s.Newest(limit)
		g.Expect(err).NotTo(HaveOccurred())
		for _, one := range newest {
			ids = append(ids, one.ID)
		}
		return ids
	}
	g.Expect(ids(3)).To(Equal([]string{"8", "6", "5"}))
	g.Expect(ids(100)).To(Equal([]string{"8", "6", "5", "4", "3", "2", "1"}))
	g.Expect(ids(0)).To(BeEmpty())
}
