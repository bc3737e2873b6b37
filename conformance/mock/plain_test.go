package mock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// bodies are near the border between what is plain and what is not.
func bodies() []string {
	ids := func(count int) string {
		return strings.TrimPrefix(strings.Repeat(`,"snap-1"`, count), ",")
	}
	found := []string{
		``, ` `, `{`, `{}`, `null`, `[]`, `""`, `{"snapshotIds"}`, `{"snapshotIds":}`, `{"snapshotIds":[`, `{"snapshotIds":["a"`, `{"snapshotIds":["a"]`,
		`{"snapshotIds":["a"]}`, " {\t\"snapshotIds\"\r:\n[ \"a\" , \"b\" ] } ", `{"snapshotIds":["a"]}x`, `{"snapshotIds":["a"]}{}`, `{"snapshotIds":["a"]},`,
		`{"snapshotIds":["a",]}`, `{"snapshotIds":[,"a"]}`, `{"snapshotIds":["a""b"]}`, `{"snapshotIds":["a" "b"]}`, `{"snapshotIds":["a"],}`,
		`{"snapshotIds":["a"],"snapshotIds":["b"]}`, `{"snapshotIds":["a"],"force":true}`, `{"force":true,"snapshotIds":["a"]}`, `{"SnapshotIds":["a"]}`,
		`{"snapshot\u0049ds":["a"]}`, `{"snapshotIds":["\u0061"]}`, `{"snapshotIds":["a\"b"]}`, `{"snapshotIds":["a\\"]}`, `{"snapshotIds":["a\\","b"]}`,
		`{"snapshotIds":["a\/b"]}`, `{"snapshotIds":[1]}`, `{"snapshotIds":["a",null]}`, `{"snapshotIds":"a"}`, `{"snapshotIds":[["a"]]}`, `{"snapshotIds":[""]}`,
		`{"snapshotIds":[" "]}`, `{"snapshotIds":["*"]}`, `{"snapshotIds":["é"]}`, "{\"snapshotIds\":[\"a\xff\"]}", "{\"snapshotIds\":[\"a\nb\"]}", "{\"snapshotIds\":[\"a\x00\"]}",
		"\ufeff" + `{"snapshotIds":["a"]}`, "\u00a0" + `{"snapshotIds":["a"]}`, "\v" + `{"snapshotIds":["a"]}`, `{"snapshotIds":["a"]}` + "\x00",
		`{"snapshotIds":["<&>"]}`, `{"snapshotIds":["]}"]}`, `{"snapshotIds":["a,b"]}`,
	}
	for _, count := range []int{contract.MaxBatch - 1, contract.MaxBatch, contract.MaxBatch + 1} {
		found = append(found, fmt.Sprintf(`{"snapshotIds":[%s]}`, ids(count)))
	}
	for _, length := range []int{contract.MaxIDLength, contract.MaxIDLength + 1} {
		found = append(found, fmt.Sprintf(`{"snapshotIds":[%q]}`, strings.Repeat("a", length)))
	}
	return found
}

// agree fails unless a body that is plain is taken by those who look closely as well, for the same ids in the same order.
func agree(t interface {
	Helper()
	Errorf(format string, args ...any)
}, body []byte,
) {
	t.Helper()
	taken, plain := contract.Plain(body)
	if !plain {
		return
	}
	value, err := examine(body)
	if err != nil {
		t.Errorf("%q is plain, and refused: %v", body, err)
		return
	}
	var examined []string
	members := value.(map[string]any)
	for _, id := range members[contract.FieldSnapshotIDs].([]any) {
		examined = append(examined, id.(string))
	}
	if len(members) != 1 || !slices.Equal(taken, examined) {
		t.Errorf("%q is taken for %q, and is %q", body, taken, members)
	}
}

func TestPlainBodiesAreRight(t *testing.T) {
	t.Parallel()
	for _, body := range bodies() {
		agree(t, []byte(body))
	}
	// Bodies with a fault in each place, and with tokens in all manners of order.
	tokens := []string{
		"{", "}", "[", "]", ":", ",", `"`, `\`, " ", "\n", `"snapshotIds"`, `"snap-1"`, `"a"`, `""`, "null", "1", "a", "é", "\xff", `{"snapshotIds":["`, `"]}`, `\u0061`,
	}
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SampledFrom(bodies()).Draw(t, "body")
		at := rapid.IntRange(0, len(body)).Draw(t, "at")
		upTo := rapid.IntRange(at, min(at+2, len(body))).Draw(t, "up to")
		between := strings.Join(rapid.SliceOfN(rapid.SampledFrom(tokens), 0, 3).Draw(t, "between"), "")
		agree(t, []byte(body[:at]+between+body[upTo:]))
	})
}

// TestPlainIsWhatClientsSend: what is written in any usual way is plain, or nothing is gained by it.
func TestPlainIsWhatClientsSend(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, count := range []int{1, 2, contract.MaxBatch} {
		ids := make([]string, count)
		for i := range ids {
			ids[i] = randomID()
		}
		request := api.DeleteSnapshotsRequest{SnapshotIds: ids}
		short, err := json.Marshal(request)
		g.Expect(err).NotTo(HaveOccurred())
		long, err := json.MarshalIndent(request, "", "\t")
		g.Expect(err).NotTo(HaveOccurred())
		for _, body := range [][]byte{short, long} {
			taken, plain := contract.Plain(body)
			g.Expect(plain).To(BeTrue())
			g.Expect(taken).To(Equal(ids))
		}
	}
	_, plain := contract.Plain(fmt.Appendf(nil, `{"snapshotIds":[%s]}`, strings.TrimSuffix(strings.Repeat(`"a",`, contract.MaxBatch+1), ",")))
	g.Expect(plain).To(BeFalse())
}

// FuzzPlain: see agree.
func FuzzPlain(f *testing.F) {
	for _, body := range bodies() {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { agree(t, body) })
}
