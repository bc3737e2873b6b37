package target_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

var bodies = map[string]string{
	"plain":              `{"snapshotIds":["a-1"]}`,
	"empty":              ``,
	"quotes":             `it's "quoted" '' \' ` + "`id` $(id) $HOME !! \\\\ %s %%",
	"lines":              "{\r\n\t\"a\": 1\n}\n",
	"NUL":                "a\x00b\x001",
	"invalid UTF-8":      "{\"snapshotIds\":[\"\xff\xfe\"]}",
	"letters":            "снимок 快照 لقطة é",
	"C1":                 "a\u009b31mb",
	"bidi":               "a\u202eb\u2066",
	"hidden":             "a\u200b\ufeff\u00a0",
	"a file for curl":    "@/etc/hostname",
	"an option":          "-v\n",
	"only an option":     "--\n",
	"formats":            "%s%d%%\\n\\0\\'\n",
	"more than argument": strings.Repeat("0123456789abcdef", 20_000),
	"every byte": func() string {
		var all []byte
		for b := range 256 {
			all = append(all, byte(b), '7')
		}
		return string(all)
	}(),
}

// replay makes an exchange, has a shell run the printed line, and gives both requests as the server got them.
func replay(t *testing.T, path string, request target.Request) (first, second *http.Request, bodies [2]string) {
	t.Helper()
	g := NewWithT(t)
	var requests []*http.Request
	base := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies[min(len(requests), 1)] = string(body)
		requests = append(requests, r)
	})
	e := reached(t, base).Send(t.Context(), request)
	g.Expect(e.Err).NotTo(HaveOccurred())
	line := e.Curl()
	g.Expect(strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) })).To(BeFalse(), "the line can be shown: %q", line)
	command := exec.CommandContext(t.Context(), "sh", "-s")
	command.Stdin = strings.NewReader(line + "\n") // as it is pasted; an argument would be too short for some
	command.Env = append(os.Environ(), "PATH="+path, "BASE="+base, "no_proxy=*")
	output, err := command.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(output))
	if len(requests) != 2 {
		t.Fatalf("the line made %d requests: %.300s\n%.300s", len(requests)-1, line, output)
	}
	return requests[0], requests[1], bodies
}

func TestCurlSendsTheSameAgain(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s here", tool)
		}
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			first, second, got := replay(t, os.Getenv("PATH"), target.Request{Body: []byte(body), From: "it's a check", Edit: func(r *http.Request) {
				r.Header.Set("X-Empty", "")
				r.Header.Add("X-Twice", "one")
				r.Header.Add("X-Twice", `t"w$o`)
			}})
			g.Expect(got[0]).To(Equal(body))
			g.Expect(got[1] == body).To(BeTrue(), "%.200q", got[1])
			g.Expect(second.Method).To(Equal(first.Method))
			g.Expect(second.URL).To(Equal(first.URL))
			for _, name := range []string{
				"Content-Type", contract.HeaderAction, contract.HeaderTimestamp, contract.HeaderRequestClient, "X-Empty", "X-Twice",
			} {
				g.Expect(second.Header).To(HaveKeyWithValue(http.CanonicalHeaderKey(name), first.Header.Values(name)), name)
			}
		})
	}
	t.Run("no content type", func(t *testing.T) {
		t.Parallel()
		_, second, _ := replay(t, os.Getenv("PATH"), target.Request{Body: []byte("{}"), Edit: func(r *http.Request) { r.Header.Del("Content-Type") }})
		NewWithT(t).Expect(second.Header).NotTo(HaveKey("Content-Type"))
	})
}

// A stand-in for curl shows what the shell makes of the line where curl itself is missing.
func TestCurlLineIsReadAsItIsMeant(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh here")
	}
	// A function and no file: a file that was just written may still be open elsewhere, and then cannot be run.
	const standIn = `curl() {
for argument; do printf '%s\n' "$argument"; last=$previous; previous=$argument; done > "$OUT/arguments"
case $last in @-) cat;; *) printf %s "$last";; esac > "$OUT/body"
}
`
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := reached(t, serve(t, saying(200, ""))).Send(t.Context(), target.Request{Body: []byte(body), From: "it's a check"})
			directory := t.TempDir()
			command := exec.CommandContext(t.Context(), "sh", "-s")
			command.Stdin = strings.NewReader(standIn + e.Curl() + "\n")
			command.Env = append(os.Environ(), "OUT="+directory)
			output, err := command.CombinedOutput()
			g.Expect(err).NotTo(HaveOccurred(), string(output))
			got, err := os.ReadFile(filepath.Join(directory, "body"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(got) == body).To(BeTrue(), "%.200q", got)
			arguments, err := os.ReadFile(filepath.Join(directory, "arguments"))
			g.Expect(err).NotTo(HaveOccurred())
			lines := strings.Split(strings.TrimSuffix(string(arguments), "\n"), "\n")
			g.Expect(lines[len(lines)-1]).To(Equal(e.URL))
			g.Expect(lines).To(ContainElement(http.CanonicalHeaderKey(contract.HeaderRequestClient) + ": it's a check"))
		})
	}
}

func TestCurlHoldsAPlaceForTheSecret(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := reached(t, serve(t, saying(200, "")), func(c *target.Config) { c.Credentials.Token = "hush" }).Send(t.Context(), target.Request{})
	g.Expect(e.Curl()).To(ContainSubstring(fmt.Sprintf("-H '%s: %s'", contract.HeaderAuthorization, target.Redacted)))
}
