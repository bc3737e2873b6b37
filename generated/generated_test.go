// Package generated_test holds what is generated to openapi.yaml, and to being of use on its own.
package generated_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const module = "github.com/zec-conformance/deletesnapshots"

// golang runs the go command, which "go test" has put first in PATH, and gives what it printed.
func golang(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var output, errors strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &errors
	NewWithT(t).Expect(cmd.Run()).To(Succeed(), "go %s\n%s%s", strings.Join(args, " "), &output, &errors)
	return output.String()
}

func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("..")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func TestGeneratedCodeIsUpToDate(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"api", "server", "spec"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The same configuration, save where to: the flag -o would lose against the file.
			scratch, committed := t.TempDir(), filepath.Join(name, name+".gen.go")
			config := strings.Replace(read(t, name+"/config.yaml"), "output: generated/"+name, "output: "+scratch, 1)
			elsewhere := filepath.Join(scratch, "config.yaml")
			NewWithT(t).Expect(os.WriteFile(elsewhere, []byte(config), 0o600)).To(Succeed())
			golang(t, root(t), "tool", "oapi-codegen", "-config", elsewhere, "openapi.yaml")
			if read(t, filepath.Join(scratch, name+".gen.go")) != read(t, committed) {
				t.Errorf("generated/%s is not what openapi.yaml makes of it: run `make generate`", name)
			}
		})
	}
	t.Run("wire", func(t *testing.T) {
		t.Parallel()
		if golang(t, root(t), "run", "./conformance/cmd/wire") != read(t, "api/wire.gen.go") {
			t.Error("generated/api/wire.gen.go is not what openapi.yaml makes of it: run `make generate`")
		}
	})
}

// caller is a program that needs the client and nothing else.
const caller = `package main

import (
	"context"
	"fmt"

	"` + module + `/generated/api"
)

func main() {
	client, err := api.NewClientWithResponses("http://127.0.0.1:1")
	if err != nil {
		panic(err)
	}
	answer, err := client.DeleteSnapshotsWithResponse(context.Background(),
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots},
		api.DeleteSnapshotsRequest{SnapshotIds: []string{"snap-1"}})
	if err == nil && answer.JSON404 != nil && answer.JSON404.Code == string(api.CodeSnapshotNotFound) {
		fmt.Println("there is no such snapshot, or it is not", api.Normal)
	}
}
`

func TestClientAloneNeedsNoTestLibraries(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	outside := t.TempDir()
	manifest := fmt.Sprintf("module example.com/caller\n\ngo 1.26\n\nrequire %s v0.0.0\n\nreplace %[1]s => %q\n", module, root(t))
	for name, text := range map[string]string{
		"main.go": caller, "go.mod": manifest, "go.sum": read(t, filepath.Join(root(t), "go.sum")),
	} {
		g.Expect(os.WriteFile(filepath.Join(outside, name), []byte(text), 0o600)).To(Succeed())
	}

	golang(t, outside, "build", "-mod=mod", "-o", filepath.Join(outside, "caller"), ".")
	needed := strings.Fields(golang(t, outside, "list", "-mod=mod", "-deps", "."))
	g.Expect(needed).To(ContainElement(module + "/generated/api"))
	for _, name := range needed {
		g.Expect(name).NotTo(Or(HavePrefix("github.com/onsi/"), HavePrefix("github.com/getkin/"), HavePrefix(module+"/conformance")))
	}
}
