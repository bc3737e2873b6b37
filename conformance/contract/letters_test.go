package contract

import (
	"testing"

	. "github.com/onsi/gomega"
)

// TestLettersOf: only a pattern that allows its letters in any number and order has them looked up.
func TestLettersOf(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"^[a-c]+$": "abc", "^[^\x00-y]+$": "z{|}~\x7f", "^[a-c_é]+$": "_abc", `\A[!#]+\z`: "!#", "^[!#$]+$": "!#$",
		"": "", "^[a-c]*$": "", "[a-c]+": "", "^[a-c]+": "", "[a-c]+$": "", "^x[a-c]+$": "", "^[a-c]{2,}$": "", "(?m)^[a-c]+$": "",
		"^(ab)+$": "", "^[a-c]+|b$": "", "^[a-c]+[d-f]+$": "", "^[a-c]+$$": "", "(": "",
	} {
		var letters string
		for r, allowed := range lettersOf(pattern) {
			if allowed {
				letters += string(rune(r))
			}
		}
		NewWithT(t).Expect(letters).To(Equal(want), pattern)
	}
	NewWithT(t).Expect(document.idLetters).NotTo(Equal(letters{}), "the document's own pattern has another form")
}
