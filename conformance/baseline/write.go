package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// heading is what a new file begins with.
const heading = `Failures that are known of, for "zec-conformance run --baseline". An entry excuses its rule up to the end of
the day on which it expires, in UTC. With a check beside the rule, or in its place, it excuses what this
check shows, and nothing else.`

// New begins a baseline without entries.
func New(names Names) *File {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	return &File{
		names: names, list: list,
		root: &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", HeadComment: heading, Content: []*yaml.Node{text("known"), list}},
	}
}

// Update brings a baseline up to date with a report, which is to be of a whole run: what is broken and not in it is added, with a
// reason and the day on which it expires, and what does not fail any more is taken out. All else stays as it is. It tells what
// was added and taken out.
func (f *File) Update(r *report.Report, reason, expires string) (added, removed []report.Known, err error) {
	if r.Verdict == report.CouldNotRun || r.Reason != "" {
		return nil, nil, fmt.Errorf("it is of a run that was not carried out to its end (%s); give a report of a whole one", report.Printable(r.Reason))
	}
	held := *r
	held.Rules = slices.Clone(r.Rules)
	f.Apply(&held)
	f.remove(func(i int) bool {
		gone := held.Baseline.Entries[i].Standing == report.StandsPassing
		if gone {
			removed = append(removed, f.Entries[i])
		}
		return gone
	})
	for _, rule := range held.With(report.Failed) {
		if _, err := checkRule(rule.ID); err != nil {
			return nil, nil, err
		}
		entry := report.Known{Rule: rule.ID, Reason: reason, Expires: expires}
		if rule.Known == "" && !slices.ContainsFunc(f.Entries, func(k report.Known) bool { return k.Rule == entry.Rule && k.Check == "" }) {
			f.add(entry)
			added = append(added, entry)
		}
	}
	return added, removed, nil
}

func (f *File) remove(gone func(i int) bool) {
	var entries []report.Known
	var each []*yaml.Node
	for i := range f.Entries {
		if !gone(i) {
			entries, each = append(entries, f.Entries[i]), append(each, f.each[i])
		}
	}
	f.Entries, f.each = entries, each
}

func (f *File) add(entry report.Known) {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	expires := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: entry.Expires}
	node.Content = []*yaml.Node{text("rule"), text(entry.Rule), text("reason"), text(entry.Reason), text("expires"), expires}
	if f.json() {
		expires.Tag = "!!str"
		for _, part := range node.Content {
			part.Style = yaml.DoubleQuotedStyle
		}
	} else if rule, known := contract.RuleByID(entry.Rule); known {
		node.HeadComment = rule.Statement
	}
	f.Entries, f.each = append(f.Entries, entry), append(f.each, node)
}

// json tells whether the file is JSON, or looks like it.
func (f *File) json() bool { return f.root.Style&yaml.FlowStyle != 0 }

func text(value string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(value)
	return node
}

// Write writes the baseline in YAML. Comments of the file that it was read from are kept, unless the YAML library puts them where
// they spoil it. What is JSON stays JSON. Nothing is written that would not be read as the same again.
func (f *File) Write(w io.Writer) error {
	*f.list = yaml.Node{
		Kind: yaml.SequenceNode, Tag: "!!seq", Style: f.root.Style, Content: f.each,
		HeadComment: f.list.HeadComment, LineComment: f.list.LineComment, FootComment: f.list.FootComment,
	}
	written, err := f.encode()
	if err != nil {
		uncomment(f.root)
		written, err = f.encode()
	}
	if err == nil {
		_, err = w.Write(written)
	}
	return err
}

// encode gives the text, if it is read as the same again.
func (f *File) encode() ([]byte, error) {
	var written bytes.Buffer
	encoder := yaml.NewEncoder(&written)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(f.root), encoder.Close()); err != nil {
		return nil, err
	}
	again, err := parse(written.Bytes(), f.names)
	if err == nil && !slices.Equal(again.Entries, f.Entries) {
		err = errors.New("YAML cannot carry all of it")
	}
	return written.Bytes(), err
}

func uncomment(node *yaml.Node) {
	node.HeadComment, node.LineComment, node.FootComment = "", "", ""
	for _, below := range node.Content {
		uncomment(below)
	}
}
