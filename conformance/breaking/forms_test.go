package breaking_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
)

// TestOtherFormsOfTheSame: what a document says does not depend on how it is written.
func TestOtherFormsOfTheSame(t *testing.T) {
	t.Parallel()
	text := contractText()
	for name, same := range map[string]string{
		"itself":        text,
		"no comments":   regexp.MustCompile(`(?m)^ *#.*\n`).ReplaceAllString(text, ""),
		"CRLF":          strings.ReplaceAll(text, "\n", "\r\n"),
		"a mark first":  "\ufeff" + text,
		"JSON":          asJSON(t, text),
		"sorted keys":   asYAML(t, text, 0),
		"quoted":        asYAML(t, text, yaml.DoubleQuotedStyle),
		"on one line":   asYAML(t, text, yaml.FlowStyle),
		"with an alias": edited(t, edited(t, text, "    RequestId:\n", "    RequestId: &id\n"), "x-sources:", "x-sources: &sources"),
		"with aliases of headers": edited(t, edited(t, text,
			"          description: The version of the calling software development kit.\n          schema:\n", "          description: The version of the calling software development kit.\n          schema: &text\n"),
			"          description: The language of the calling software development kit.\n          schema:\n            type: string\n",
			"          description: The language of the calling software development kit.\n          schema: *text\n"),
		"merged": edited(t, edited(t, text, "    RequestId:\n      type: string\n", "    RequestId:\n      <<: {type: string}\n"),
			"in: header\n          description: The language", "<<: [{in: header}, {in: query}]\n          description: The language"),
		"words beside a reference": edited(t, text, "            schema:\n              $ref: '#/components/schemas/DeleteSnapshotsRequest'\n",
			"            schema:\n              allOf:\n                - $ref: '#/components/schemas/DeleteSnapshotsRequest'\n"),
		"a header among the components": edited(t, edited(t, text, languageHeader, "        - $ref: '#/components/parameters/Language'\n"),
			"components:\n", "components:\n  parameters:\n    Language:\n"+strings.ReplaceAll(languageHeader, "        - name:", "          name:")),
		"a header of the path": edited(t, edited(t, text, languageHeader, ""), "    post:\n", "    parameters:\n"+languageHeader+"    post:\n"),
		"security of the operation": edited(t, edited(t, text, "security:\n  - signature: []\n  - bearer: []\n", ""),
			"      operationId: DeleteSnapshots\n", "      operationId: DeleteSnapshots\n      security: [{bearer: []}, {signature: []}]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			g.Expect(spelled(compare(g, text, same).Changes)).To(BeEmpty(), "there")
			g.Expect(spelled(compare(g, same, text).Changes)).To(BeEmpty(), "back")
		})
	}
}

const languageHeader = `        - name: x-zc-sdk-lang
          x-role: sdkLanguage
          in: header
          description: The language of the calling software development kit.
          schema:
            type: string
`

func asJSON(t *testing.T, text string) string {
	t.Helper()
	encoded, err := json.Marshal(tree(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// tree reads a document, with dates as texts.
func tree(t *testing.T, text string) map[string]any {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	undated(&document, 0)
	var values map[string]any
	if err := document.Decode(&values); err != nil {
		t.Fatal(err)
	}
	return values
}

// undated makes texts of dates, and of all texts those of a style.
func undated(n *yaml.Node, style yaml.Style) {
	if n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	if n.ShortTag() == "!!str" {
		n.Style |= style
	}
	for _, child := range n.Content {
		undated(child, style)
	}
}

func asYAML(t *testing.T, text string, style yaml.Style) string {
	t.Helper()
	var document yaml.Node
	if err := document.Encode(tree(t, text)); err != nil { // which sorts keys
		t.Fatal(err)
	}
	if style == yaml.FlowStyle {
		document.Style = style
	} else {
		undated(&document, style)
	}
	encoded, err := yaml.Marshal(&document)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// TestNothingChangesUnseen: a document in which any one value is another, or is gone, is not the same document, unless it is
// none any more.
func TestNothingChangesUnseen(t *testing.T) {
	t.Parallel()
	const tried = 30
	before := read(NewWithT(t), "openapi.yaml", contractText())
	var count int
	each(tree(t, contractText()), nil, func(way []any, value any) { count++ })
	draw := rand.New(rand.NewPCG(6, 4))
	for range tried {
		chosen, gone := draw.IntN(count), draw.IntN(3) == 0
		whole := tree(t, contractText())
		at, where := 0, ""
		each(whole, nil, func(way []any, value any) {
			if at == chosen {
				where = fmt.Sprint(way, " = ", value)
				put(whole, way, another(value), gone)
			}
			at++
		})
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprint(chosen, gone), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			after, err := breaking.Read("changed.yaml", text)
			if err != nil {
				g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
				return
			}
			g.Expect(breaking.Compare(before, after).Changes).NotTo(BeEmpty(), where)
			g.Expect(breaking.Compare(after, before).Changes).NotTo(BeEmpty(), where)
		})
	}
}

// each goes through all values that are no lists and no objects, in an order that stays.
func each(value any, way []any, visit func(way []any, value any)) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			each(value[key], append(way[:len(way):len(way)], key), visit)
		}
	case []any:
		for i, item := range value {
			each(item, append(way[:len(way):len(way)], i), visit)
		}
	default:
		visit(way, value)
	}
}

// put sets a value, or takes it out.
func put(within any, way []any, value any, gone bool) {
	for i, step := range way {
		last := i == len(way)-1
		switch container := within.(type) {
		case map[string]any:
			key := step.(string)
			if last && gone {
				delete(container, key)
			} else if last {
				container[key] = value
			}
			within = container[key]
		case []any:
			if last {
				container[step.(int)] = value
			}
			within = container[step.(int)]
		}
	}
}

// another is a value of the same type, and not that one.
func another(value any) any {
	switch value := value.(type) {
	case string:
		return value + " and more"
	case bool:
		return !value
	case int:
		return value + 7
	}
	return "something"
}

// TestOpenAPI31: null is a type there, and nullable says nothing.
func TestOpenAPI31(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := contractText()
	newer := edited(t, text, "openapi: 3.0.3", "openapi: 3.1.0")
	same := edited(t, newer, "              type: array\n              nullable: true\n", "              type: [array, 'null']\n")
	g.Expect(spelled(compare(g, text, same).Changes)).To(Equal([]string{"openapi-version-changed: designers warning"}))
	g.Expect(spelled(compare(g, same, text).Changes)).To(Equal([]string{"openapi-version-changed: designers warning"}))
	g.Expect(spelled(compare(g, same, edited(t, newer, "              nullable: true\n", "")).Changes)).To(Equal([]string{"response-nullable-removed: implementers breaking"}))
}

// TestAnotherAPI: a document of something else is compared, and is never harmless.
func TestAnotherAPI(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	pets := "openapi: 3.0.3\ninfo: {title: Pets, version: '1'}\npaths:\n  /pets:\n    get:\n      responses:\n        '200': {description: All pets.}\n"
	g.Expect(compare(g, contractText(), pets).Reaches(breaking.Breaking)).To(BeTrue())
	g.Expect(compare(g, pets, contractText()).Reaches(breaking.Breaking)).To(BeTrue())
	g.Expect(compare(g, pets, pets).Changes).To(BeEmpty())
	more := edited(t, pets, "      responses:\n", "      parameters:\n        - {name: kind, in: query, schema: {type: string}}\n      responses:\n")
	g.Expect(spelled(compare(g, pets, more).Changes)).To(Equal([]string{"header-added: implementers notice"}))
}

// TestNoRules: one change that takes all rules away is told as all that it is, and as a document that the suite cannot be built on.
func TestNoRules(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	begin, end := strings.Index(contractText(), "# The rules. MUST"), strings.Index(contractText(), "# The rules for callers")
	changes := spelled(compare(g, contractText(), contractText()[:begin]+contractText()[end:]).Changes)
	g.Expect(changes).To(ConsistOf(
		"contract-unreadable: designers breaking",
		MatchRegexp("^rule-dropped: callers breaking, [0-9]+ times$"),
		MatchRegexp("^rule-dropped: callers warning, [0-9]+ times$"),
		MatchRegexp("^rule-dropped: callers notice, [0-9]+ times$"),
	))
}

func TestWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	head := "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
	references := head + "paths: {}\ncomponents:\n  schemas:\n    A0: {type: string}\n"
	for i := range 24 {
		references += fmt.Sprintf("    A%d: {type: object, properties: {x: {$ref: '#/components/schemas/A%d'}, y: {$ref: '#/components/schemas/A%d'}}}\n", i+1, i, i)
	}
	for name, row := range map[string]struct{ text, says string }{
		"nothing":                  {"", "is empty"},
		"a comment":                {"# nothing\n", "is empty"},
		"null":                     {"null\n", "no YAML mapping"},
		"a list":                   {"- a\n", "no YAML mapping"},
		"a text":                   {"hello", "no YAML mapping"},
		"no YAML":                  {"openapi: 3.0.3\npaths: [", "is not YAML (line 2"},
		"a truncated document":     {contractText()[:12000], ""},
		"truncated JSON":           {`{"openapi": "3.0.3", "info": {`, "is not YAML"},
		"bytes":                    {"\x00\x01\x02", "is not YAML"},
		"something else":           {"name: snapshots\n", "no member openapi"},
		"Swagger":                  {"swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths: {}\n", "is Swagger 2.0"},
		"OpenAPI of later":         {"openapi: 4.0.0\ninfo: {title: T, version: '1'}\npaths: {}\n", "is OpenAPI 4.0.0"},
		"a version of one word":    {"openapi: yes\n", "is OpenAPI yes"},
		"no paths":                 {head, "is not valid OpenAPI"},
		"no info":                  {"openapi: 3.0.3\npaths: {}\n", "is not valid OpenAPI"},
		"a key twice":              {head + "paths: {}\npaths: {}\n", "second time on line 4"},
		"two documents":            {head + "paths: {}\n---\na: b\n", "does not end with one YAML document"},
		"aliases of aliases":       {bomb, "when its aliases are written out"},
		"references of references": {references, "when its references are followed"},
		"a reference to nothing":   {head + "paths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/B'}}}\n", "refers to #/components/schemas/B, which it does not have"},
		"a reference to a file":    {head + "paths: {}\ncomponents: {schemas: {A: {$ref: 'other.yaml#/A'}}}\n", "refers to another document"},
		"a reference to a host":    {head + "paths: {}\ncomponents: {schemas: {A: {$ref: 'http://127.0.0.1:1/a'}}}\n", "refers to another document"},
		"deep":                     {head + "paths: {}\nx-deep: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "is nested more than"},
		"deeper":                   {head + "x: " + strings.Repeat("{a: ", 20000), "is not YAML"},
		"long":                     {head + "# " + strings.Repeat("a", breaking.MaxDocument), "bytes, which are read at the most"},
		"a misspelled keyword":     {strings.Replace(contractText(), "maxItems: 100", "maxitems: 100", 1), "is not valid OpenAPI"},
		"a list for a key":         {head + "? [a, b]\n: c\n", "a key that is no text"},
		"no number":                {head + "paths: {}\nx-n: .nan\n", "no number on line 4"},
		"merged text":              {head + "paths: {}\nx-n: {<<: text}\n", "merges what is no mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := breaking.Read("some.yaml", []byte(row.text))
			g.Expect(err).To(MatchError(And(HavePrefix(`"some.yaml" `), ContainSubstring(row.says), Not(ContainSubstring("\n")))))
			g.Expect(len(err.Error())).To(BeNumerically("<", 400))
		})
	}
}

// TestARecursiveSchema ends where it begins again.
func TestARecursiveSchema(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /t:\n    post:\n      requestBody:\n        content:\n          application/json:\n" +
		"            schema: {$ref: '#/components/schemas/Tree'}\n      responses:\n        '200': {description: Yes.}\n" +
		"components:\n  schemas:\n    Tree:\n      type: object\n      maxProperties: 9\n      properties:\n        left: {$ref: '#/components/schemas/Tree'}\n"
	g.Expect(compare(g, text, text).Changes).To(BeEmpty())
	g.Expect(spelled(compare(g, text, edited(t, text, "maxProperties: 9", "maxProperties: 8")).Changes)).To(
		ContainElement("request-max-properties-lowered: callers breaking, implementers breaking"))
}
