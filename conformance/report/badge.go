package report

import (
	"fmt"
	"io"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// The colours of a badge. White text can be read on all of them.
const (
	badgeGood    = "#2a7f2a"
	badgeWarning = "#8a6100"
	badgeBad     = "#b3261e"
	badgeNothing = "#5f6368"
	badgeLabel   = "#3c4043"
)

// WriteBadge writes the verdict as a picture for a page about the implementation. It has nothing in it that a target could have
// had a hand in.
func (r *Report) WriteBadge(w io.Writer) error {
	label, verdict, colour := contract.Action, r.Headline(), badgeNothing
	switch {
	case r.Verdict == Conformant:
		colour = badgeGood
	case r.Verdict == Remarks, r.AsKnown():
		colour = badgeWarning
	case r.Verdict == NotConformant:
		colour = badgeBad
	default:
		verdict = string(CouldNotRun)
	}
	left, right := badgeWidth(label), badgeWidth(verdict)
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="20" role="img" aria-label="%[4]s: %[5]s">
<title>%[4]s: %[5]s</title>
<clipPath id="shape"><rect width="%[1]d" height="20" rx="3"/></clipPath>
<g clip-path="url(#shape)"><path fill="%[6]s" d="M0 0h%[2]dv20H0z"/><path fill="%[7]s" d="M%[2]d 0h%[3]dv20H%[2]dz"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
<text x="%[8]d" y="14" textLength="%[10]d">%[4]s</text>
<text x="%[9]d" y="14" textLength="%[11]d">%[5]s</text>
</g>
</svg>
`, left+right, left, right, label, verdict, badgeLabel, colour, badgeMargin, left+badgeMargin, left-2*badgeMargin, right-2*badgeMargin)
	return err
}

const badgeMargin = 6 // pixels at each side of a text

// badgeWidth is how many pixels a text takes, margins included. A viewer stretches it to that in whatever font it has.
func badgeWidth(text string) int {
	const perCharacter = 68 // tenths of a pixel, on average
	return (len(text)*perCharacter+9)/10 + 2*badgeMargin
}
