package breaking

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
)

// mostAsked is how many changes are shown to oasdiff one by one; whoever changes more has written another document.
const mostAsked = 60

// longestAsked is how many bytes of a document oasdiff gets to see: it takes the square of the time for long lists. What this
// contract has for it is a third of that.
const longestAsked = 80 << 10

// finding is what oasdiff says of a change, which is to callers.
type finding struct {
	id, text string
	severity Severity
}

// askOasdiff shows each change alone to oasdiff, so that what it says is known to be about this one, and takes the graver
// judgement. What it finds in all changes together, and in none alone, is a change of its own.
func (c *comparison) askOasdiff() {
	before, whole := c.old.bare(), c.new.bare()
	if before.spec == nil || whole.spec == nil || reflect.DeepEqual(before.tree, whole.tree) {
		return
	}
	said := map[string]bool{}
	alone := false // whether one change is all that there is
	for i := range c.changes[:min(len(c.changes), mostAsked)] {
		change := &c.changes[i]
		if !standard(change.edits) {
			continue
		}
		after := copied(before.tree).(map[string]any)
		for _, edit := range change.edits {
			edit.apply(after)
		}
		alone = alone || reflect.DeepEqual(after, whole.tree)
		for _, f := range oasdiff(before, bareOf(after)) {
			said[f.id] = true
			change.hear(f)
		}
	}
	if !alone {
		c.hearTheRest(oasdiff(before, whole), said)
	}
	for i := range c.changes {
		c.changes[i].Oasdiff = slices.Compact(slices.Sorted(slices.Values(c.changes[i].Oasdiff)))
	}
}

// hearTheRest makes changes of grave findings that no change alone has brought.
func (c *comparison) hearTheRest(found []finding, said map[string]bool) {
	for _, f := range found {
		moot := slices.ContainsFunc(c.mooted, func(keyword string) bool { return strings.Contains(f.id, keyword) })
		if !said[f.id] && !moot && f.severity > Notice {
			change := Change{ID: "oasdiff", Where: "#/paths", What: report.Shorten(f.text, longestWhat), Oasdiff: []string{f.id}}
			change.Effects = []Effect{{Callers, f.severity, "Read what is said here."}}
			c.add(change)
		}
	}
}

// hear takes a finding over.
func (c *Change) hear(f finding) {
	c.Oasdiff = append(c.Oasdiff, f.id)
	own, _ := c.Effect(Callers)
	if f.severity <= max(own.Severity, Notice) {
		return
	}
	must := own.Must
	if must == "" {
		must = "See whether you relied on it."
	}
	c.take(Change{Effects: []Effect{{Callers, f.severity, must}}})
}

// standard tells whether a change is where oasdiff looks.
func standard(edits []edit) bool {
	return slices.ContainsFunc(edits, func(e edit) bool {
		return len(e.way) > 0 && slices.Contains([]string{"paths", "security", "components", "servers"}, e.way[0])
	})
}

// bare is a document as oasdiff gets to see it.
type bare struct {
	tree map[string]any
	spec *openapi3.T // nil where kin-openapi cannot read it
}

func bareOf(tree map[string]any) *bare {
	b := &bare{tree: tree}
	text, err := json.Marshal(listed(tree))
	if err == nil && len(text) <= longestAsked {
		_ = rescue.Call(func() error {
			spec, err := openapi3.NewLoader().LoadFromData(text)
			if err == nil {
				b.spec = spec
			}
			return err
		})
	}
	return b
}

// oasdiff compares two documents. Where it fails, it has found nothing: it is not the only judge.
func oasdiff(before, after *bare) (found []finding) {
	if before.spec == nil || after.spec == nil {
		return nil
	}
	_ = rescue.Call(func() error {
		difference, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), &load.SpecInfo{Spec: before.spec}, &load.SpecInfo{Spec: after.spec})
		if err != nil {
			return err
		}
		config, english := checker.NewConfig(checker.GetAllChecks()), checker.NewDefaultLocalizer()
		for _, change := range checker.CheckBackwardCompatibilityUntilLevel(config, difference, sources, checker.INFO) {
			severity := Notice
			switch change.GetLevel() {
			case checker.ERR:
				severity = Breaking
			case checker.WARN:
				severity = Warning
			}
			found = append(found, finding{change.GetId(), change.GetUncolorizedText(english), severity})
		}
		return nil
	})
	return found
}

// written gives a document without references, and without what oasdiff does not judge.
func written(root *node) map[string]any {
	tree := stripped(root.plain(), nil).(map[string]any)
	tree["openapi"] = "3.0.3" // whatever it was, it is written so now
	return tree
}

// stripped leaves out extensions and examples, and bounds of values that are listed.
func stripped(value any, way []string) any {
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, member := range value {
			named := len(way) > 0 && slices.Contains([]string{"properties", "headers", "responses", "schemas", "parameters"}, way[len(way)-1])
			if !named && (strings.HasPrefix(key, "x-") || key == "examples" || key == "example" || limits(key) && value["enum"] != nil) {
				continue
			}
			kept[key] = stripped(member, append(slices.Clip(way), key))
		}
		return kept
	case []any:
		list := make([]any, 0, len(value))
		for _, item := range value {
			list = append(list, stripped(item, append(slices.Clip(way), "")))
		}
		return list
	}
	return value
}

// listed makes lists of parameters again, which are compared by name.
func listed(value any) any {
	object, is := value.(map[string]any)
	if !is {
		return value
	}
	whole := map[string]any{}
	for key, member := range object {
		parameters, is := member.(map[string]any)
		if key == "parameters" && is && isParameters(parameters) {
			var list []any
			for _, name := range slices.Sorted(maps.Keys(parameters)) {
				parameter := listed(parameters[name])
				if own, is := parameter.(map[string]any); is && own["in"] == "header" {
					own["name"] = strings.ToLower(fmt.Sprint(own["name"])) // in which case makes no difference
				}
				list = append(list, parameter)
			}
			whole[key] = list
			continue
		}
		whole[key] = listed(member)
	}
	return whole
}

// isParameters tells a list of parameters from a thing that is called so, a member of a schema or a component.
func isParameters(object map[string]any) bool {
	for key := range object {
		if !strings.Contains(key, " ") {
			return false
		}
	}
	return true
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, member := range value {
			object[key] = copied(member)
		}
		return object
	case []any:
		list := make([]any, 0, len(value))
		for _, item := range value {
			list = append(list, copied(item))
		}
		return list
	}
	return value
}
