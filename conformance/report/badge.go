package report

import (
	"fmt"
	"io"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// The colours of a badge. White text can be read on all of them.
var badgeColours = map[tone]string{good: "#2a7f2a", caution: "#8a6100", bad: "#b3261e", nothing: "#5f6368"}

const badgeLabel = "#3c4043"

// WriteBadge writes the verdict as a picture for a page about the implementation. It has nothing in it that a target could have
// had a hand in.
func (r *Report) WriteBadge(w io.Writer) error {
	label, verdict, colour := contract.Action, r.Headline(), badgeColours[r.tone()]
	if r.tone() == nothing {
		verdict = string(CouldNotRun)
	}
	left, right := badgeWidth(label), badgeWidth(verdict)
	// No part of it has an id, so that several can stand in one page.
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="20" role="img" aria-label="%[3]s: %[4]s">
<title>%[3]s: %[4]s</title>
<path fill="%[5]s" d="M%[2]d 0H3a3 3 0 0 0-3 3v14a3 3 0 0 0 3 3h%[11]d"/>
<path fill="%[6]s" d="M%[2]d 0h%[12]da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H%[2]d"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
<text x="%[7]d" y="14" textLength="%[9]d">%[3]s</text>
<text x="%[8]d" y="14" textLength="%[10]d">%[4]s</text>
</g>
</svg>
`, left+right, left, label, verdict, badgeLabel, colour, badgeMargin, left+badgeMargin, left-2*badgeMargin, right-2*badgeMargin, left-3, right-3)
	return err
}

const badgeMargin = 6 // pixels at each side of a text

// badgeWidth is how many pixels a text takes, margins included. A viewer stretches it to that in whatever font it has.
func badgeWidth(text string) int {
	const perCharacter = 65 // tenths of a pixel, on average
	return (len(text)*perCharacter+9)/10 + 2*badgeMargin
}
