// Package misread tells people in which line a text is no YAML.
package misread

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ofParser are the errors of the YAML library's parser. In these it counts lines from 0, and in those of its scanner from 1.
var ofParser = []string{
	"did not find expected <stream-start>", "did not find expected <document start>", "did not find expected node content",
	"did not find expected '-' indicator", "did not find expected key", "did not find expected ',' or ']'",
	"did not find expected ',' or '}'", "found undefined tag handle", "found duplicate %YAML directive",
	"found incompatible YAML document", "found duplicate %TAG directive",
}

var form = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// At gives the line of a text, from 1 on, that an error of the YAML library about it is for, and what is wrong there. That is the
// line in which what is not understood begins. The library has none for the first line, nor for what it finds before it knows of
// lines.
func At(err error, text []byte) (line int, what string) {
	what = err.Error()
	if parts := form.FindStringSubmatch(what); parts != nil {
		what = strings.TrimPrefix(what, parts[0])
		line, _ = strconv.Atoi(parts[1]) // 0 where there is none
	}
	if line > 0 && slices.Contains(ofParser, what) {
		line++
	}
	lines := bytes.Count(bytes.TrimRight(text, "\r\n"), []byte("\n")) + 1
	return min(max(line, 1), lines), what // the end of a text may be in a line behind the last
}
