package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// The credentials that the mocks here take. Both are hidden, so that no line may repeat them.
var (
	ownKey   = variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "owner", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": hidden + "-password"}
	ownToken = variables{"ZENLAYER_TOKEN": hidden + "-token"}
)

// doored is the command mock at work until the test is over. end ends it, and gives what it has said.
func doored(t *testing.T, environment variables, args ...string) (url string, end func() outcome) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"mock", "--addr", "127.0.0.1:0"}, args...), environment.lookup, in, &errs)
		_ = in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	end = sync.OnceValue(func() outcome {
		cancel()
		return outcome{status: <-ended, err: errs.String()}
	})
	if err != nil {
		t.Fatalf("it is not served: %s", end().err)
	}
	t.Cleanup(cancel)
	return strings.TrimSuffix(line, "\n"), end
}

// inFile writes a text to a file of this name in a folder of its own.
func inFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheMockIsConformantWhoeverItLetsIn and however many requests it takes: the suite shows its credentials, or waits.
func TestTheMockIsConformantWhoeverItLetsIn(t *testing.T) {
	t.Parallel()
	file := inFile(t, "keys.yaml", `
- {id: somebody, password: else}
- {id: owner, password: `+hidden+`-password}
- {token: `+hidden+`-token, actions: [DeleteSnapshots]}
`)
	for name, row := range map[string]struct {
		args        []string
		environment variables // of the mock
		credentials variables // of the suite
		tried       bool      // AUTH-1 was
	}{
		"zc2, a key in the environment":    {[]string{"--auth", "zc2"}, ownKey, ownKey, true},
		"zc2, a key in a file":             {[]string{"--auth", "zc2", "--keys", file}, nil, ownKey, true},
		"bearer, a token in a file":        {[]string{"--auth", "bearer", "--keys", file}, ownKey, ownToken, true},
		"bearer, a token in the variables": {[]string{"--auth", "bearer"}, ownToken, ownToken, true},
		"none":                             {[]string{"--auth", "none"}, ownKey, nil, false},
		"a rate":                           {[]string{"--rate", "120"}, nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			url, end := doored(t, row.environment, row.args...)
			got := judge(t, row.credentials, "--endpoint", url, "--testbed", mock.TestbedPath, "--label-filter", "AUTH-1 || ERR-1")
			g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.out+got.err)
			g.Expect(strings.Contains(got.out, "✓ AUTH-1")).To(Equal(row.tried))
			mocked := end()
			g.Expect(mocked.status).To(BeZero())
			g.Expect(mocked.err).NotTo(ContainSubstring(hidden))
			g.Expect(lines(mocked.err)).To(HaveLen(1), mocked.err)
		})
	}
}

func TestTheMockRefusesWhoHasNoKey(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, _ := doored(t, ownKey, "--auth", "zc2")
	got := judge(t, nil, "--endpoint", url, "--testbed", mock.TestbedPath, "--label-filter", "ERR-1")
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("AUTHFAILURE_INVALID_AUTHORIZATION"))
}

// TestTheClockOfTheMockCanBeShifted: a client that is five minutes off is told so.
func TestTheClockOfTheMockCanBeShifted(t *testing.T) {
	t.Parallel()
	for shift, code := range map[string]string{
		"+6m": "AUTHFAILURE_SIGNATURE_EXPIRED", "-6m": "AUTHFAILURE_SIGNATURE_EXPIRED", "4m": contract.NotFound.Code,
	} {
		t.Run(shift, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			url, _ := doored(t, ownKey, "--auth", "zc2", "--clock", shift)
			got := judge(t, ownKey, "--endpoint", url, "--testbed", mock.TestbedPath, "--label-filter", "ERR-1")
			if code == contract.NotFound.Code {
				g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.out)
			} else {
				g.Expect(got.out + got.err).To(ContainSubstring(code))
			}
		})
	}
}

func TestTheMockSaysThatCredentialsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		environment variables
		args        []string
		lines       int
	}{
		"none":                 {nil, nil, 1},
		"a key":                {ownKey, nil, 2},
		"half a key":           {variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "owner"}, nil, 2},
		"a key, and no policy": {ownKey, []string{"--auth", "none"}, 1},
		"a key, and a twin":    {ownKey, []string{"--mutant", "charset"}, 2}, // which tells what it is
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			url, end := doored(t, row.environment, row.args...)
			response, err := http.Post(url+contract.Path, contract.ContentType, strings.NewReader("{}"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(response.Body.Close()).To(Succeed())
			g.Expect(response.StatusCode).To(Equal(contract.MissingParameter.Status))
			got := end()
			g.Expect(lines(got.err)).To(HaveLen(row.lines), got.err)
			g.Expect(strings.Contains(got.err, "everybody is let in all the same")).To(Equal(row.lines == 2 && row.args == nil), got.err)
		})
	}
}

func TestDoorsThatCannotBeAreToldInOneLine(t *testing.T) {
	t.Parallel()
	file := func(text string) []string { return []string{"--auth", "zc2", "--keys", inFile(t, "keys.yaml", text)} }
	for name, usage := range map[string]struct {
		args        []string
		environment variables
		mend        string
	}{
		"an unknown policy":       {[]string{"--auth", "basic"}, nil, `--auth "basic" is no policy; give zc2, bearer or none`},
		"an empty policy":         {[]string{"--auth", ""}, nil, "give zc2, bearer or none"},
		"no key":                  {[]string{"--auth", "zc2"}, nil, "lets nobody in without a key with its password; set ZENLAYERCLOUD_ACCESS_KEY_ID and"},
		"no token":                {[]string{"--auth", "bearer"}, nil, "lets nobody in without a token; set"},
		"a key for a token":       {[]string{"--auth", "bearer"}, ownKey, "lets nobody in without a token; set"},
		"a token for a key":       {[]string{"--auth", "zc2"}, ownToken, "lets nobody in without a key"},
		"a key without a secret":  {[]string{"--auth", "zc2"}, variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "owner"}, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD, which belongs to it, is not"},
		"a token with a space":    {[]string{"--auth", "bearer"}, variables{"ZENLAYER_TOKEN": hidden + " "}, "cannot be sent"},
		"a control character":     {[]string{"--auth", "bearer"}, variables{"ZENLAYER_TOKEN": hidden + "\x1b"}, "control character"},
		"keys for nothing":        {[]string{"--keys", inFile(t, "keys.yaml", "- {token: a}")}, nil, "give --auth zc2 or --auth bearer as well"},
		"no file":                 {[]string{"--auth", "zc2", "--keys", filepath.Join(t.TempDir(), "none")}, nil, "cannot be read (no such file or directory); give a YAML list of keys"},
		"a file without a name":   {[]string{"--auth", "zc2", "--keys", ""}, nil, "cannot be read"},
		"a directory":             {[]string{"--auth", "zc2", "--keys", t.TempDir()}, nil, "cannot be read (is a directory)"},
		"an empty file":           {file(""), nil, "keys.yaml\": it is empty"},
		"an unknown member":       {file("- id: a\n  secret: " + hidden), nil, "keys.yaml\": line 2: this member is none of"},
		"a key without password":  {file("- {token: " + hidden + "}\n- {id: a}"), nil, "line 2: this key has no password"},
		"a key that comes twice":  {file("- {id: a, password: " + hidden + "}\n- {id: a, password: b}"), nil, "line 2: this key is there twice"},
		"a file of tokens alone":  {file("- {token: " + hidden + "}"), nil, "lets nobody in without a key"},
		"a clock for nothing":     {[]string{"--clock", "+6m"}, nil, "give --auth zc2 as well"},
		"a clock for tokens":      {[]string{"--clock", "6m", "--auth", "bearer"}, ownToken, "give --auth zc2 as well"},
		"a clock in words":        {[]string{"--clock", "soon"}, nil, "--clock"},
		"a rate of zero":          {[]string{"--rate", "0"}, nil, "--rate 0 is not a positive number"},
		"a negative rate":         {[]string{"--rate", "-1"}, nil, "is not a positive number"},
		"a rate without bounds":   {[]string{"--rate", "Inf"}, nil, "is not a positive number"},
		"a rate that is none":     {[]string{"--rate", "NaN"}, nil, "is not a positive number"},
		"a rate in words":         {[]string{"--rate", "fast"}, nil, "--rate"},
		"a mutant with a door":    {[]string{"--auth", "zc2", "--mutant", "door"}, ownKey, "--auth is the mock's, and --mutant serves another implementation"},
		"a mutant with a limit":   {[]string{"--rate", "5", "--mutant", "door"}, nil, "--rate is the mock's"},
		"a mutant with an hour":   {[]string{"--clock", "1h", "--mutant", "door"}, nil, "--clock is the mock's"},
		"a mutant that has a key": {[]string{"--keys", "x", "--mutant", "door"}, nil, "--keys is the mock's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, usage.environment, append([]string{"mock", "--addr", "127.0.0.1:0"}, usage.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.err).NotTo(ContainSubstring(hidden))
			g.Expect(got.out).To(BeEmpty())
		})
	}
}
