package mutants

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

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
		{Name: "ids-count", Does: "counts snapshots: 1, 2, 3", ids: numbered(func(number int64) string { return fmt.Sprint(number) })},
		{
			Name: "ids-count-far", Does: "counts snapshots in 19 digits",
			ids: numbered(func(number int64) string { return fmt.Sprint(1_176_510_000_000_000_000 + number) }),
		},
		{
			Name: "ids-count-in-hex", Does: "counts snapshots in hexadecimal digits",
			ids: numbered(func(number int64) string { return fmt.Sprintf("%x", 0x5f00a0c3+number) }),
		},
		{
			Name: "ids-are-prefixes", Does: "counts snapshots, so that ids begin with other ids: snap-1, snap-10, snap-100",
			ids: numbered(func(number int64) string { return fmt.Sprintf("snap-%d", number) }),
		},
		{
			Name: "ids-by-snowflake", Does: "has ids of 19 digits, each some way above the last",
			ids: numbered(func(number int64) string {
				return fmt.Sprint(1_176_510_000_000_000_000 + number*4097 + mathrand.Int64N(4096))
			}),
		},
		{Name: "ids-of-digits", Does: "has ids of 19 random digits", ids: random(func() string { return digits(19) })},
		{Name: "ids-of-seven-digits", Does: "has ids of seven digits, far apart", ids: numbered(func(number int64) string { return fmt.Sprintf("%07d", number*7919%9_999_991) })},
		{Name: "ids-uuid", Does: "has UUIDs for ids", ids: random(uuid.NewString)},
		{Name: "ids-uuid-upper-case", Does: "has UUIDs in upper case for ids", ids: random(func() string { return strings.ToUpper(uuid.NewString()) })},
		{Name: "ids-ulid", Does: "has ULIDs for ids", ids: random(ulid)},
		{
			Name: "ids-longest", Does: "has ids as long as they may be",
			ids: random(func() string {
				return (low() + low() + low() + low() + low() + low() + low() + low())[:contract.MaxIDLength]
			}),
		},
		{
			Name: "ids-of-any-length", Does: "has ids of every length that there may be",
			ids: numbered(func(number int64) string {
				id := fmt.Sprintf("%06x", number)
				return id + strings.Repeat("z", mathrand.IntN(contract.MaxIDLength-len(id)+1))
			}),
		},
		{
			Name: "ids-of-paths", Does: "has ids with - _ . : and / in them",
			ids: random(func() string { return "zec/hkg-a:disk_1.2/" + low()[:12] }),
		},
		{Name: "ids-of-dots", Does: "has ids between dots and slashes", ids: random(func() string { return "../" + low()[:14] + "/.." })},
		{
			Name: "ids-in-base64", Does: "has ids in Base64, with + / and =",
			ids: random(func() string {
				return base64.StdEncoding.EncodeToString(append([]byte{0xfb, 0xff, 0xbf}, low()[:10]...))
			}),
		},
		{Name: "ids-of-addresses", Does: "has ids with an @", ids: random(func() string { return low()[:12] + "@zec.example" })},
		{
			Name: "ids-of-every-character", Does: "has ids with every character that one may have",
			ids: random(func() string { return "!#$&()+,-./:;<=>@[]^_{|}~" + rand.Text()[:16] }),
		},
		{Name: "ids-of-one-letter", Does: "has ids of one letter and random digits", ids: random(func() string { return "s" + digits(14) })},
		{
			Name: "ids-by-case", Does: "has ids that differ in case only",
			ids: numbered(func(number int64) string { return cased("snapshotidentification", number) }),
		},
		{
			Name: "ids-alike-at-the-head", Does: "has ids that differ in the last of two hundred characters",
			ids: numbered(func(number int64) string {
				return strings.Repeat("a", contract.MaxIDLength-8) + fmt.Sprintf("%08d", number)
			}),
		},
		{
			Name: "ids-of-other-meaning", Does: "has ids that mean something else elsewhere",
			ids: numbered(func(number int64) string {
				return []string{"null", "true", "0x", "-", "1e", "NaN", "$"}[number%7] + fmt.Sprint(number)
			}),
		},
	}
}

// ulid makes a ULID: the time and chance, in 26 letters and digits of an alphabet in which none is taken for another.
func ulid() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(time.Now().UnixMilli())<<16)
	_, _ = rand.Read(raw[6:]) // never fails
	high, low := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	text := make([]byte, 26)
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = alphabet[low&31]
		low, high = low>>5|high<<59, high>>5
	}
	return string(text)
}
