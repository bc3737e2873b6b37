package breaking

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// TestEveryJudgementIsInTheTable: a change of which the table knows nothing is told as one that nobody has judged, and there is
// none of that kind in the code; nor is there an entry that no change leads to.
func TestEveryJudgementIsInTheTable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	used := map[string]bool{}
	var text strings.Builder
	files, err := filepath.Glob("*.go")
	g.Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		if file == "judgements.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		g.Expect(err).NotTo(HaveOccurred())
		ast.Inspect(tree, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				value, _ := strconv.Unquote(literal.Value)
				used[value] = true
				text.WriteString(value + "\n")
			}
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) < 2 {
				return true
			}
			if name, is := call.Fun.(*ast.SelectorExpr); is && name.Sel.Name == "say" {
				if literal, is := call.Args[1].(*ast.BasicLit); is {
					value, err := strconv.Unquote(literal.Value)
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(judgements).To(HaveKey(value), file)
				}
			}
			return true
		})
	}
	for _, d := range []direction{request, response} {
		for _, m := range []move{narrower, wider, other} {
			used[d.judgement(m)] = true
			g.Expect(judgements).To(HaveKey(d.judgement(m)))
		}
	}
	composed := regexp.MustCompile(`^(request|response) (default|member (added|removed)|(narrower|wider) (minItems|additionalProperties))$|^ids |^skew |^(caller )?rule `)
	for _, entry := range slices.Sorted(maps.Keys(judgements)) {
		if !composed.MatchString(entry) {
			g.Expect(used).To(HaveKey(entry), "no change leads to this entry")
		}
	}
	for _, kind := range []string{"rule", "caller rule"} {
		for _, level := range levels {
			if kind == "caller rule" && level == "NOTE" {
				continue // there is none: what binds nobody is no rule for callers
			}
			for _, does := range []string{" added ", " dropped "} {
				g.Expect(judgements).To(HaveKey(kind + does + level))
			}
			g.Expect(judgements).To(HaveKey(kind + " reworded " + level))
			g.Expect(judgements).To(HaveKey(kind + " reworded " + level + " terms"))
			for _, other := range levels {
				if other != level && (kind == "rule" || other != "NOTE") {
					g.Expect(judgements).To(HaveKey(kind + " " + level + " to " + other))
				}
			}
		}
	}
}

// TestEveryEffectSaysWhatToDo: in a sentence, and the parties in order, each once.
func TestEveryEffectSaysWhatToDo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for entry, effects := range judgements {
		last := -1
		for _, effect := range effects {
			g.Expect(effect.Must).To(MatchRegexp(`^[A-Z].*\.$`), entry)
			at := slices.Index(Parties, effect.Who)
			g.Expect(at).To(BeNumerically(">", last), entry)
			last = at
		}
	}
}

func TestCompareWords(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		before, after string
		is            rewording
	}{
		{"One call takes 100.", "One call\n  takes 100.", unchanged},
		{"One call takes as many.", "One call, takes as many", corrected},
		{"One call takes as many as 100.", "One call takes up to 100.", unchanged},
		{"It is not empty.", "It isn't empty.", unchanged},
		{"The anwser is JSON.", "The answer is JSON.", corrected},
		{"A named snapshot goes.", "An unnamed snapshot goes.", rephrased},
		{"A named snapshot goes.", "A unnamed snapshot goes.", rephrased},
		{"The answer is JSON.", "Answers are JSON.", rephrased},
		{"The body is JSON.", "The reply is JSON.", rephrased},
		{"One call takes 100.", "One call takes 200.", redirected},
		{"It is refused.", "It is accepted.", redirected},
		{"It is not refused.", "It is refused.", redirected},
		{"It has a Date.", "It may have a Date.", redirected},
		{"At most one.", "At least one.", redirected},
		{"Answered with MISSING_PARAMETER.", "Answered with INVALID_PARAMETER_TYPE.", redirected},
		{"The X-ZC-Action says so.", "The X-ZC-Version says so.", redirected},
		{"It stays until then.", "It stays.", redirected},
		{"It has a Date or a Time.", "It has a Date and a Time.", redirected},
		{"It is a list of strings.", "It is a list of numbers.", redirected},
		{"It ends within 30 seconds.", "It ends after 30 seconds.", redirected},
	} {
		NewWithT(t).Expect(compareWords(row.before, row.after)).To(Equal(row.is), "%s | %s", row.before, row.after)
		NewWithT(t).Expect(compareWords(row.after, row.before)).To(Equal(row.is), "%s | %s, back", row.before, row.after)
	}
}
