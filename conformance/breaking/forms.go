package breaking

import "github.com/zec-conformance/deletesnapshots/conformance/report"

// Forms are those of a result, beside the text for people.
var Forms = []report.Form[*Result]{
	{Kind: "json", About: "all changes, for programs", Write: (*Result).WriteJSON},
	{Kind: "markdown", About: "a changelog", Write: (*Result).WriteMarkdown},
}
