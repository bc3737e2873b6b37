package conformance

import (
	"strings"
	"testing"
)

func TestEveryNeighbourhoodOccurs(t *testing.T) {
	t.Parallel()
	text := neighbourhoods("dnm", 4)
	if len(text) != 3*3*3*3+3 {
		t.Errorf("%d places, want each of the 81 sequences once and no more", len(text))
	}
	for i := range 81 {
		sequence := string([]byte{"dnm"[i/27], "dnm"[i/9%3], "dnm"[i/3%3], "dnm"[i%3]})
		if !strings.Contains(text, sequence) {
			t.Errorf("%s does not occur", sequence)
		}
	}
}
