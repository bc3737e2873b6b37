package proof_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/proof"
)

// TestTheLastProofIsOfWhatThereIs: who adds a mutant, a twin or a check, or changes what one is there for, proves the suite
// anew. The rules page tells what was proved last.
func TestTheLastProofIsOfWhatThereIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	last, err := proof.Last()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(last.Seeds).NotTo(BeEmpty())
	checks, err := conformance.Checks("")
	g.Expect(err).NotTo(HaveOccurred())
	there := proof.NewRecord(slices.Concat(mutants.Mutants(), mutants.Twins()), checks, last.Seeds)
	var changed []string
	for _, one := range there.Mutants {
		if proved, known := last.Of(one.Name); !known || !slices.Equal(proved.Rules, one.Rules) || proved.Check != one.Check {
			changed = append(changed, one.Name)
		}
	}
	g.Expect(changed).To(BeEmpty(), `these are not as they were when the suite was proved last: run "make prove"`)
	g.Expect(last).To(Equal(there), `what there is to be proved has changed: run "make prove"`)
}

func TestARecordIsKeptAsItIsWritten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	last, err := proof.Last()
	g.Expect(err).NotTo(HaveOccurred())
	var text bytes.Buffer
	g.Expect(last.Write(&text)).To(Succeed())
	kept, err := os.ReadFile("last.json")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(text.String()).To(Equal(string(kept)))
	var again proof.Record
	g.Expect(json.Unmarshal(text.Bytes(), &again)).To(Succeed())
	g.Expect(again).To(Equal(last))
}

func TestARecordSaysWhichCheckIsThereForAMutant(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	made := proof.NewRecord(
		[]mutants.Variant{{Name: "m", Rules: []string{"ISO-1"}}, {Name: "nobody's", Rules: []string{"ISO-1"}}, {Name: "t"}},
		[]conformance.Check{{Text: "idle"}, {Text: "looks", Mutants: []string{"x", "m"}}}, []int64{7},
	)
	g.Expect(made).To(Equal(proof.Record{
		Seeds:   []int64{7},
		Mutants: []proof.Proved{{Name: "m", Rules: []string{"ISO-1"}, Check: "looks"}, {Name: "nobody's", Rules: []string{"ISO-1"}}},
		Twins:   []string{"t"},
	}))
	proved, known := made.Of("m")
	g.Expect(known).To(BeTrue())
	g.Expect(proved.Check).To(Equal("looks"))
	_, known = made.Of("t")
	g.Expect(known).To(BeFalse())
}
