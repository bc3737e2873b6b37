package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// kept is a report that the command of its time has written.
type kept struct {
	format int
	path   string
}

// folder is where the reports of a format are kept, and the schema that they were written by.
func folder(format int) string { return filepath.Join("testdata", "kept", strconv.Itoa(format)) }

func schemaOf(t *testing.T, format int) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder(format), "schema.json"))
	if err != nil {
		t.Fatalf("there is no schema of format %d: keep it, and reports that were written by it (%v)", format, err)
	}
	return decoded(t, text)
}

func keptOf(t *testing.T, format int) (all []kept) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder(format), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if filepath.Base(path) != "schema.json" {
			all = append(all, kept{format, path})
		}
	}
	if len(all) == 0 {
		t.Fatalf("no report of format %d is kept", format)
	}
	return all
}

func everyFormat(t *testing.T, do func(t *testing.T, format int)) {
	t.Helper()
	for format := 1; format <= report.Format; format++ {
		t.Run(fmt.Sprint("format ", format), func(t *testing.T) {
			t.Parallel()
			do(t, format)
		})
	}
}

// TestKeptReportsAreReadForEver, tell people the same, and lose nothing when they are written again.
func TestKeptReportsAreReadForEver(t *testing.T) {
	t.Parallel()
	everyFormat(t, func(t *testing.T, format int) {
		then, now := compile(t, schemaOf(t, format)), schema(t)
		for _, one := range keptOf(t, format) {
			t.Run(filepath.Base(one.path), func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				text, err := os.ReadFile(one.path)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(then.Validate(decoded(t, text))).To(Succeed(), "it was not written by this format")
				g.Expect(now.Validate(decoded(t, text))).To(Succeed())

				read, err := report.ReadFile(one.path)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(read.Format).To(Equal(one.format))
				for _, form := range report.Forms {
					var out bytes.Buffer
					g.Expect(form.Write(read, &out)).To(Succeed(), form.Kind)
					g.Expect(out.Len()).NotTo(BeZero(), form.Kind)
				}
				var told bytes.Buffer
				g.Expect(read.WriteText(&told, report.Style{})).To(Succeed())
				g.Expect(told.String()).To(HaveSuffix("verdict: " + read.Headline() + "\n"))

				again := decoded(t, written(t, read))
				g.Expect(lost(decoded(t, text), again, "")).To(BeEmpty())
				g.Expect(now.Validate(again)).To(Succeed())
			})
		}
	})
}

// lost finds what a document had and another has not. The number of the format is that of who has written it last.
func lost(before, after any, at string) (places []string) {
	switch before := before.(type) {
	case map[string]any:
		after, same := after.(map[string]any)
		if !same {
			return []string{at}
		}
		for name, value := range before {
			if at+"/"+name != "/format" {
				places = append(places, lost(value, after[name], at+"/"+name)...)
			}
		}
	case []any:
		after, same := after.([]any)
		if !same || len(after) != len(before) {
			return []string{at}
		}
		for i := range before {
			places = append(places, lost(before[i], after[i], fmt.Sprint(at, "/", i))...)
		}
	default:
		if !reflect.DeepEqual(before, after) {
			places = append(places, at)
		}
	}
	return places
}

// TestKeptReportsHaveEveryMember of their format: what no kept report has, nothing holds later versions to.
func TestKeptReportsHaveEveryMember(t *testing.T) {
	t.Parallel()
	for format := 1; format <= report.Format; format++ {
		g := NewWithT(t)
		has := map[string]bool{}
		for _, one := range keptOf(t, format) {
			text, err := os.ReadFile(one.path)
			g.Expect(err).NotTo(HaveOccurred())
			for _, object := range places(decoded(t, text)) {
				for name := range object {
					has[name] = true
				}
			}
		}
		for _, object := range places(schemaOf(t, format)) {
			for name, value := range object {
				members, are := value.(map[string]any)
				if name != "properties" || !are {
					continue
				}
				for member := range members {
					g.Expect(has).To(HaveKey(member), "of format %d", format)
				}
			}
		}
	}
}

// TestTheSchemaOnlyGrows: who reads a report by an earlier schema, and passes over what he does not know, finds everything.
func TestTheSchemaOnlyGrows(t *testing.T) {
	t.Parallel()
	everyFormat(t, func(t *testing.T, format int) {
		NewWithT(t).Expect(departures(schemaOf(t, format), decoded(t, report.Schema), "")).To(BeEmpty())
	})
}

// TestAChangeOfTheSchemaRaisesTheFormat, other than one of its descriptions.
func TestAChangeOfTheSchemaRaisesTheFormat(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"added", "taken out"} {
		before, after := schemaOf(t, report.Format), decoded(t, report.Schema)
		if way == "taken out" {
			before, after = after, before
		}
		NewWithT(t).Expect(lost(unnoted(before), unnoted(after), "")).To(BeEmpty(),
			"something was %s: raise report.Format, and keep the schema and reports of the new format; or, while this format has not been released, keep the schema anew", way)
	}
}

// notes are keywords that say nothing about what a report has to be.
var notes = []string{"$schema", "$id", "title", "description"}

// unnoted leaves out of a schema what is for people. Members that are called so stay.
func unnoted(schema map[string]any) map[string]any {
	stripped := map[string]any{}
	for name, value := range schema {
		inner, is := value.(map[string]any)
		switch {
		case is && (name == "properties" || name == "$defs"):
			all := map[string]any{}
			for member, of := range inner {
				all[member] = of
				if of, is := of.(map[string]any); is {
					all[member] = unnoted(of)
				}
			}
			stripped[name] = all
		case is:
			stripped[name] = unnoted(inner)
		case !slices.Contains(notes, name):
			stripped[name] = value
		}
	}
	return stripped
}

// departures finds what a schema promised to readers, or allowed writers, and a later one does not.
func departures(before, after any, at string) (places []string) {
	was, isOne := before.(map[string]any)
	is, areBoth := after.(map[string]any)
	if !isOne || !areBoth {
		if !reflect.DeepEqual(before, after) {
			places = append(places, at+" differs")
		}
		return places
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		value, there := is[name]
		switch members, _ := value.(map[string]any); {
		case slices.Contains(notes, name):
		case !there:
			places = append(places, at+"/"+name+" is gone")
		case name == "properties" || name == "$defs":
			for _, member := range slices.Sorted(maps.Keys(was[name].(map[string]any))) {
				if of, there := members[member]; there {
					places = append(places, departures(was[name].(map[string]any)[member], of, at+"/"+member)...)
				} else {
					places = append(places, at+"/"+member+" is gone")
				}
			}
		case name == "allOf":
			all, now := was[name].([]any), value.([]any)
			for i := range max(len(all), len(now)) {
				if i >= len(all) || i >= len(now) {
					places = append(places, fmt.Sprint(at, "/", name, "/", i, " is gone, or new"))
				} else {
					places = append(places, departures(all[i], now[i], fmt.Sprint(at, "/", name, "/", i))...)
				}
			}
		case at == "/format" && name == "maximum": // rises with the format
		default:
			places = append(places, departures(was[name], value, at+"/"+name)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, there := was[name]; !there && !slices.Contains(notes, name) {
			places = append(places, at+"/"+name+" is new")
		}
	}
	return places
}

// TestDeparturesAreSeen: the test of the schema is worth something.
func TestDeparturesAreSeen(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	at := func(schema object, path ...string) object {
		for _, name := range path {
			schema = schema[name].(object)
		}
		return schema
	}
	for name, c := range map[string]struct {
		change func(schema object)
		seen   []string
	}{
		"nothing":                {func(object) {}, nil},
		"other words for people": {func(s object) { s["description"], at(s, "properties", "seed")["description"] = "!", "!" }, nil},
		"a new member":           {func(s object) { at(s, "properties")["mood"] = object{"type": "string"} }, nil},
		"a new kind of thing":    {func(s object) { at(s, "$defs")["mood"] = object{"type": "string"} }, nil},
		"a later format":         {func(s object) { at(s, "properties", "format")["maximum"] = json.Number("99") }, nil},
		"a member that is gone":  {func(s object) { delete(at(s, "properties"), "seed") }, []string{"/seed is gone"}},
		"one far down that is gone": {
			func(s object) { delete(at(s, "$defs", "exchange", "properties", "sent", "properties"), "raw") },
			[]string{"/exchange/sent/raw is gone"},
		},
		"another name": {
			func(s object) {
				at(s, "properties")["lottery"] = at(s, "properties")["seed"]
				delete(at(s, "properties"), "seed")
			},
			[]string{"/seed is gone"},
		},
		"another type":                  {func(s object) { at(s, "properties", "seed")["type"] = "string" }, []string{"/seed/type differs"}},
		"another thing":                 {func(s object) { at(s, "properties", "waits")["$ref"] = "#/$defs/seconds" }, []string{"/waits/$ref differs"}},
		"another item":                  {func(s object) { at(s, "properties", "left", "items")["type"] = "number" }, []string{"/left/items/type differs"}},
		"a word fewer":                  {func(s object) { v := at(s, "properties", "verdict"); v["enum"] = v["enum"].([]any)[1:] }, []string{"/verdict/enum differs"}},
		"a word more":                   {func(s object) { v := at(s, "properties", "verdict"); v["enum"] = append(v["enum"].([]any), "fine") }, []string{"/verdict/enum differs"}},
		"a member that has to be there": {func(s object) { s["required"] = append(s["required"].([]any), "format") }, []string{"/required differs"}},
		"a member that need not be":     {func(s object) { s["required"] = s["required"].([]any)[1:] }, []string{"/required differs"}},
		"a bound":                       {func(s object) { at(s, "properties", "seed")["minimum"] = json.Number("1") }, []string{"/seed/minimum is new"}},
		"a bound that is gone":          {func(s object) { delete(at(s, "$defs", "count"), "minimum") }, []string{"/count/minimum is gone"}},
		"one more condition": {
			func(s object) {
				r := at(s, "$defs", "rule")
				r["allOf"] = append(r["allOf"].([]any), object{"required": []any{"checks"}})
			},
			[]string{"/rule/allOf/2 is gone, or new"},
		},
		"a condition that differs": {
			func(s object) { at(s, "$defs", "rule")["allOf"].([]any)[1].(object)["then"] = false },
			[]string{"/rule/allOf/1/then differs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := decoded(t, report.Schema)
			c.change(changed)
			NewWithT(t).Expect(departures(decoded(t, report.Schema), changed, "")).To(Equal(c.seen))
		})
	}
}
