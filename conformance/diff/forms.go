package diff

import "github.com/zec-conformance/deletesnapshots/conformance/report"

// Forms are those of a difference, beside the text for people.
var Forms = []report.Form[*Difference]{
	{Kind: "json", About: "all of it, for programs", Write: (*Difference).WriteJSON},
	{Kind: "markdown", About: "a comment on a pull request", Write: (*Difference).WriteMarkdown},
}
