package baseline

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/byhand"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// How much of a file is taken.
const (
	maxFile    = 1 << 20 // bytes
	maxEntries = 1000
	maxReason  = 1000 // characters
)

// Schema is the JSON Schema, of draft 2020-12, of the file, for editors. It does not know what checks there are.
//
//go:embed baseline.schema.json
var Schema []byte

// File is a baseline as it was read: its entries, and the text around them.
type File struct {
	report.Baseline
	names Names
	root  *yaml.Node   // a mapping
	list  *yaml.Node   // of the entries in it
	each  []*yaml.Node // the entries
}

// Read reads a baseline from a file in YAML or JSON. Its error says in one line where a mistake is, and how to mend it.
func Read(path string, names Names) (*File, error) {
	info, err := os.Stat(path)
	if err == nil && info.Mode()&os.ModeNamedPipe != 0 { // opening it would wait for its writer
		return nil, fmt.Errorf("the baseline %q is a pipe, which can be read only once; give a file", path)
	}
	text, err := byhand.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("the baseline %q %w; give a file that \"baseline write\" has made", path, err)
	}
	file, err := parse(text, names)
	if err != nil {
		return nil, fmt.Errorf("the baseline %q, %w", path, err)
	}
	file.Name = path
	return file, nil
}

// Apply holds a report against the entries, as the package's Apply does.
func (f *File) Apply(r *report.Report) { Apply(r, f.Baseline, f.names) }

func parse(text []byte, names Names) (*File, error) {
	root, err := byhand.Parse(text)
	if err != nil {
		return nil, err
	}
	if root.Kind != yaml.MappingNode {
		return nil, byhand.Wrong(root, "a baseline is a mapping; give it as {known: [{rule: …, reason: …, expires: …}]}")
	}
	file := &File{root: root, names: names}
	err = byhand.Members(root, "a baseline", map[string]func(*yaml.Node) error{
		"known": func(list *yaml.Node) error { file.list = list; return file.read(list) },
	})
	if err == nil && file.list == nil {
		err = byhand.Wrong(root, "there is no known; give it as {known: []}")
	}
	return file, err
}

// read reads the list of entries. One without any may be left empty, as it is when the last one has been taken out.
func (f *File) read(list *yaml.Node) error {
	switch {
	case list.Kind == yaml.ScalarNode && list.Tag == "!!null":
		return nil
	case list.Kind != yaml.SequenceNode:
		return byhand.Wrong(list, "known is a list; give it as [{rule: …, reason: …, expires: …}]")
	case len(list.Content) > maxEntries:
		return byhand.Wrong(list.Content[maxEntries], "there are more than %d entries; leave some out", maxEntries)
	}
	lines := map[[2]string]int{} // of the entries, by what they are about
	for _, node := range list.Content {
		entry, err := readEntry(node, f.names)
		if err != nil {
			return err
		}
		about := [2]string{entry.Rule, entry.Check}
		if before := lines[about]; before > 0 {
			return byhand.Wrong(node, "%s is here for the second time, after line %d; leave one out", entry, before)
		}
		lines[about] = node.Line
		f.Entries, f.each = append(f.Entries, entry), append(f.each, node)
	}
	return nil
}

func readEntry(node *yaml.Node, names Names) (entry report.Known, err error) {
	err = byhand.Members(node, "an entry", map[string]func(*yaml.Node) error{
		"rule":    into(&entry.Rule, "a rule", checkRule),
		"check":   into(&entry.Check, "a check", names.check),
		"reason":  into(&entry.Reason, "a reason", ParseReason),
		"expires": func(value *yaml.Node) (err error) { entry.Expires, err = readDay(value); return err },
	})
	switch {
	case err != nil:
	case entry.Rule == "" && entry.Check == "":
		err = byhand.Wrong(node, "here is neither a rule nor a check; give one of them, or both")
	case entry.Reason == "":
		err = byhand.Wrong(node, "here is no reason; say why %s is left as it is", entry)
	case entry.Expires == "":
		err = byhand.Wrong(node, "here is no expires; give the last day on which %s is excused, such as 2026-12-31", entry)
	}
	return entry, err
}

func into(place *string, what string, read func(text string) (string, error)) func(*yaml.Node) error {
	return func(value *yaml.Node) (err error) {
		*place, err = byhand.Text(value, what, read)
		return err
	}
}

func checkRule(id string) (string, error) {
	rule, known := contract.RuleByID(id)
	_, ofCallers := contract.CallerRuleByID(id)
	switch {
	case ofCallers:
		return "", fmt.Errorf("%s is a rule for callers, by which no implementation is judged; leave it out", id)
	case !known:
		return "", fmt.Errorf("the contract has no rule %.40q%s; \"zec-conformance rules\" lists them", id, byhand.Meant(id, ruleIDs()))
	case rule.Level == contract.Note:
		return "", fmt.Errorf("%s is of level %s, and nothing can break it; leave it out", id, contract.Note)
	}
	return id, nil
}

func ruleIDs() []string {
	var ids []string
	for _, rule := range contract.Rules {
		ids = append(ids, rule.ID)
	}
	return ids
}

func (n Names) check(text string) (string, error) {
	texts := n.texts()
	for _, one := range texts {
		if one == text {
			return text, nil
		}
	}
	return "", fmt.Errorf("the suite has no check %.100q%s; \"zec-conformance rules --checks\" lists them", text, byhand.Meant(text, texts))
}

// ParseReason reads a reason, and puts it on one line.
func ParseReason(text string) (string, error) {
	reason := strings.Join(strings.Fields(text), " ")
	switch {
	case !utf8.ValidString(text):
		return "", errors.New("the reason is not in UTF-8; write it anew")
	case reason == "":
		return "", errors.New("the reason is empty; say why it is left as it is")
	case utf8.RuneCountInString(text) > maxReason:
		return "", fmt.Errorf("the reason has more than %d characters; shorten it", maxReason)
	}
	return reason, nil
}

var day = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// readDay takes a day with and without quotes, of which YAML makes different things.
func readDay(node *yaml.Node) (string, error) {
	if node.Kind != yaml.ScalarNode {
		return "", byhand.Wrong(node, "expires is a day; give one such as 2026-12-31")
	}
	expires, err := ParseDay(node.Value)
	if err != nil {
		return "", byhand.At(node, err)
	}
	return expires, nil
}

// ParseDay reads a day, as in 2026-12-31.
func ParseDay(text string) (string, error) {
	if _, err := time.Parse(time.DateOnly, text); err != nil || !day.MatchString(text) {
		return "", fmt.Errorf("%.40q is no day; give one such as 2026-12-31", text)
	}
	return text, nil
}
