package mutants

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// identifiers: what ids look like.
func identifiers() []Variant {
	// numbered has an id made from its number, which is 1 for the first.
	numbered := func(id func(number int64) string) func() func() string {
		return func() func() string {
			var number int64
			return func() string {
				number++
				return id(number)
			}
		}
	}
	random := func(id func() string) func() func() string { return func() func() string { return id } }
	digits := func(count int) string {
		text := fmt.Sprint(1 + mathrand.IntN(9))
		for len(text) < count {
			text += fmt.Sprint(mathrand.IntN(10))
		}
		return text
	}
	low := func() string { return strings.ToLower(rand.Text()) }
	return []Variant{
		{
			Name: "ids-are-prefixes", Does: "counts snapshots, so that ids begin with other ids: snap-1, snap-10, snap-100",
			ids: numbered(func(number int64) string { return fmt.Sprintf("snap-%d", number) }),
		},
		{Name: "ids-of-digits", Does: "has ids of 19 random digits", ids: random(func() string { return digits(19) })},
		{Name: "ids-uuid", Does: "has UUIDs for ids", ids: random(uuid.NewString)},
		{
			Name: "ids-longest", Does: "has ids as long as they may be",
			ids: random(func() string {
				return (low() + low() + low() + low() + low() + low() + low() + low())[:contract.MaxIDLength]
			}),
		},
		{
			Name: "ids-of-paths", Does: "has ids with - _ . : and / in them",
			ids: random(func() string { return "zec/hkg-a:disk_1.2/" + low()[:12] }),
		},
		{
			Name: "ids-of-every-character", Does: "has ids with every character that one may have",
			ids: random(func() string { return "!#$&()+,-./:;<=>@[]^_{|}~" + rand.Text()[:16] }),
		},
		{
			Name: "ids-by-case", Does: "has ids that differ in case only",
			ids: numbered(func(number int64) string { return cased("snapshotidentification", number) }),
		},
	}
}
