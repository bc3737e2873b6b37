// Package clients_test holds the contract to being of use outside Go. Clients in other languages are generated from
// openapi.yaml, compiled as strictly as their language can, and tried against the mock, which judges them in turn; and
// linters that others have written find nothing to blame in it.
package clients_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// patience is how long one command may take, on a machine that is busy.
const patience = 5 * time.Minute

// answer is what came of a command.
type answer struct {
	status         int
	stdout, stderr string
}

// run runs a command in a folder, with the surroundings of the test and more.
func run(t *testing.T, folder string, surroundings []string, command ...string) answer {
	t.Helper()
	ctx, over := context.WithTimeout(t.Context(), patience)
	defer over()
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Dir, process.Env, process.WaitDelay = folder, append(os.Environ(), surroundings...), patience/10
	var stdout, stderr strings.Builder
	process.Stdout, process.Stderr = &stdout, &stderr
	if err := process.Run(); process.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, &stdout, &stderr)
	}
	return answer{process.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// copied has a client's folder, and openapi.yaml, where nothing that is made of them is in the way. They are as far from
// each other as they are here.
func copied(t *testing.T, language string) string {
	t.Helper()
	g, top := NewWithT(t), t.TempDir()
	folder := filepath.Join(top, "conformance", "clients", language)
	g.Expect(os.MkdirAll(folder, 0o700)).To(Succeed())
	files, err := os.ReadDir(language)
	g.Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		if file.Type().IsRegular() {
			copyFile(g, filepath.Join(language, file.Name()), filepath.Join(folder, file.Name()))
		}
	}
	copyFile(g, "../../openapi.yaml", filepath.Join(top, "openapi.yaml"))
	return folder
}

func copyFile(g *WithT, from, to string) {
	text, err := os.ReadFile(from)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(to, text, 0o600)).To(Succeed())
}

// built gives a folder with a client in it that has been generated and compiled.
func built(t *testing.T, language string, more ...string) string {
	t.Helper()
	g, folder := NewWithT(t), copied(t, language)
	for _, file := range more {
		copyFile(g, file, filepath.Join(folder, filepath.Base(file)))
	}
	for i, command := range []string{"npm ci --prefer-offline", "npm run generate", "npm run compile"} {
		began, got := time.Now(), run(t, folder, []string{"JAVA_TOOL_OPTIONS=" + strings.Join(fortest.HastyJava, " ")}, strings.Fields(command)...)
		if i == 0 && got.status != 0 {
			why, _, _ := strings.Cut(got.stderr, "\n")
			fortest.Lacking(t, command+" does not work: "+why)
		}
		g.Expect(got.status).To(BeZero(), "%s\n%s%s", command, got.stdout, got.stderr)
		t.Logf("%s took %s", command, time.Since(began).Round(100*time.Millisecond))
	}
	return folder
}

func TestTypeScript(t *testing.T) {
	t.Parallel()
	fortest.Needs(t, "npm", "node")
	judge(t, built(t, "typescript", "testdata/misuse.ts"), "node", "built/delete.js")
}

func TestJava(t *testing.T) {
	t.Parallel()
	fortest.Needs(t, "npm", "node", "javac", "java")
	judge(t, built(t, "java"), slices.Concat([]string{"java"}, fortest.HastyJava, []string{"@classpath", "Delete"})...)
}

// judge has a client delete snapshots in all the ways that a call can end.
func judge(t *testing.T, folder string, client ...string) {
	t.Helper()
	g := NewWithT(t)
	key := signing.Credentials{KeyID: "me", Secret: "not-a-secret"}
	made, err := trouble.New(1, trouble.Settings{})
	g.Expect(err).NotTo(HaveOccurred())
	m := mock.New(t, mock.Tolerate("CALL-12"), made.Option(), // CALL-12: a call that names too many
		door.Option(door.Config{Policy: door.ZC2, Keys: []door.Key{{Credentials: key}}}))
	endpoint := m.URL()
	ask := func(key signing.Credentials, ids ...string) answer {
		t.Helper()
		surroundings := []string{"ZENLAYERCLOUD_ACCESS_KEY_ID=" + key.KeyID, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=" + key.Secret}
		return run(t, folder, surroundings, slices.Concat(client, []string{endpoint}, ids)...)
	}
	refused := func(kind contract.Error, got answer) {
		t.Helper()
		g.Expect(got.status).To(Equal(1), "%+v", got)
		g.Expect(got.stderr).To(HavePrefix("refused: %d %s: ", kind.Status, kind.Code))
	}
	named := func(code api.ErrorCode) contract.Error {
		kind, _ := contract.ErrorByCode(string(code))
		return kind
	}
	gone := func(id string) bool { _, there := m.State(id); return !there }

	three := m.Given(contract.Normal, 3)
	g.Expect(ask(key, three...)).To(Equal(answer{}))
	g.Expect(three).To(HaveEach(Satisfy(gone)))

	one, failed := m.Given(contract.Normal, 1)[0], m.Given("FAILED", 1)[0]
	partly := ask(key, failed, one, "none")
	g.Expect(partly.status).To(BeZero(), partly.stderr)
	g.Expect(strings.Fields(partly.stdout)).To(ConsistOf("left", failed, "left", "none"))
	g.Expect(gone(one)).To(BeTrue())

	g.Expect(ask(key, "none")).To(Equal(answer{stdout: "gone already\n"}))
	refused(contract.DeniedState, ask(key, failed))

	kept := m.Given(contract.Normal, contract.MaxBatch+1)
	refused(contract.TooMany, ask(key, kept...))
	refused(named(api.CodeAuthInvalidAuthorization), ask(signing.Credentials{}, kept[0]))
	refused(named(api.CodeAuthSignatureFailure), ask(signing.Credentials{KeyID: key.KeyID, Secret: "another"}, kept[0]))
	g.Expect(made.Set(faults(contract.Unavailable.Code))).To(Succeed())
	refused(contract.Unavailable, ask(key, kept[0]))
	g.Expect(kept).NotTo(ContainElement(Satisfy(gone)))

	// Answers are open.
	for _, twin := range []string{"nothing-failed-absent", "nothing-failed-null", "extra-fields-of-known-names"} {
		g.Expect(made.Set(faults(twin))).To(Succeed())
		g.Expect(ask(key, m.Given(contract.Normal, 1)...)).To(Equal(answer{}), twin)
	}

	// What is no answer of the API is no refusal either.
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<title>Bad gateway</title>")
	}))
	defer gateway.Close()
	endpoint = gateway.URL
	lost := ask(key, "none")
	g.Expect(lost.status).To(Equal(1))
	g.Expect(lost.stderr).To(And(Not(BeEmpty()), Not(HavePrefix("refused"))))
}

func faults(name string) trouble.Settings {
	return trouble.Settings{Faults: []trouble.Fault{{Name: name, Rate: trouble.Always}}}
}
