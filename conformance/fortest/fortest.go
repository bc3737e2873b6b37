// Package fortest has what the tests of several packages need: programs that a bare machine lacks, the command itself, a port,
// and what JSON, YAML and Markdown are held against.
package fortest

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/onsi/gomega/gexec"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Lacking ends a test that lacks something: it is skipped, save in CI, where it fails, since nobody would notice there.
func Lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s, and CI has to try what needs it", what)
	}
	t.Skip(what)
}

// Needs ends a test where one of the programs is missing.
func Needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			Lacking(t, "there is no "+program+" here")
		}
	}
}

// Program finds a program by any of its names, and ends the test where it is missing; from names the package of Debian that
// brings it.
func Program(t testing.TB, from string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Lacking(t, "there is no "+strings.Join(names, " or ")+" here: apt-get install "+from)
	return ""
}

// HastyJava has Java take less trouble over programs that run for a moment only.
var HastyJava = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}

// FreePort is a port on the loopback interface that nobody listens on.
func FreePort(t testing.TB) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
}

var build = sync.OnceValues(func() (string, error) {
	return gexec.Build("github.com/zec-conformance/deletesnapshots/conformance/cmd/zec-conformance")
})

// Command gives the path of the command. It is built once for the tests of a package, which are run by Main.
func Command(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Main runs the tests of a package that uses Command, and takes away what was built for them.
func Main(m *testing.M) {
	status := m.Run()
	gexec.CleanupBuildArtifacts()
	os.Exit(status)
}

// Schema compiles a JSON Schema. Formats, and what is said of the content of texts, count.
func Schema(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.AssertContent()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// Fits holds JSON against a schema.
func Fits(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// FitsAsYAML holds YAML against a schema as an editor does, to which days are texts.
func FitsAsYAML(schema *jsonschema.Schema, text []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	withoutDays(&document)
	var value any
	if err := document.Decode(&value); err != nil {
		return err
	}
	written, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return Fits(schema, written)
}

func withoutDays(node *yaml.Node) {
	if node.Tag == "!!timestamp" {
		node.Tag = "!!str"
	}
	for _, below := range node.Content {
		withoutDays(below)
	}
}
