package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// echoing answers with what it was told, and with the secret, wherever something can stand. Now and then it does so
// outside HTTP, which ends up in the HTTP client's own error.
func echoing(secret string) middleware {
	var calls atomic.Int64
	return at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		told := r.Header.Get("Authorization") + " " + secret
		if calls.Add(1)%7 == 0 {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", told)
				_ = connection.Close()
			}
			return
		}
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		members := map[string]any{}
		_ = json.Unmarshal(recorder.Body.Bytes(), &members)
		for name := range members {
			if name != "response" {
				members[name] = told
			}
		}
		members[told] = told
		body, _ := json.Marshal(members)
		w.Header().Set("X-Told", told)
		text(recorder.Code, "text/"+secret, string(body))(w, r, next)
	})
}

func TestNobodyReadsTheSecrets(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0LW9mLXRoZS1ydW4"
	for name, environment := range map[string]variables{
		"a key pair": {"ZENLAYERCLOUD_ACCESS_KEY_ID": "key", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": secret},
		"a token":    {"ZENLAYER_TOKEN": secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var signed, leaked, maimed atomic.Int64
			target := serve(t, echoing(secret), func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch testbed := strings.HasPrefix(r.URL.Path, mock.TestbedPath); {
					case r.Header.Get("Authorization") == "":
					case testbed:
						leaked.Add(1)
					default:
						signed.Add(1)
					}
					told := r.Header.Get("Authorization")
					if most := secret[1 : len(secret)-1]; strings.Contains(told, most) && !strings.Contains(told, secret) {
						maimed.Add(1)
					}
					next.ServeHTTP(w, r)
				})
			})
			path := filepath.Join(t.TempDir(), "report.json")
			got := call(t, environment, append([]string{"run"}, target.flags(
				"--effort", "quick", "--linger", "0", "--report", "json="+path, "--label-filter", "ENV-1 || AUTH-1 || ERR-1 || REQ-2 || PART-4")...)...)
			g.Expect(got.status).To(Equal(1), got.out)
			written, err := os.ReadFile(path)
			g.Expect(err).NotTo(HaveOccurred())
			for where, what := range map[string]string{"stdout": got.out, "stderr": got.err, "the report": string(written)} {
				g.Expect(strings.Contains(what, secret)).To(BeFalse(), where)
			}
			g.Expect(got.out).To(ContainSubstring("REDACTED"), "nothing was echoed")
			g.Expect(signed.Load()).To(BeNumerically(">", 0))
			g.Expect(leaked.Load()).To(BeZero(), "the testbed was sent credentials")
			g.Expect(maimed.Load()).To(BeZero(), "a part of a secret would not be recognized where it is echoed")
		})
	}
}

func TestTheReasonHasNoSecretEither(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const secret = "c2VjcmV0LW9mLXRoZS1ydW4"
	target := serve(t, at("POST "+contract.Path, text(401, contract.ContentType, `{"requestId": "T1", "code": "AUTHFAILURE_`+secret+`", "message": "no"}`)))
	got := judge(t, variables{"ZENLAYER_TOKEN": secret}, target.flags()...)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("they are not accepted; set ZENLAYERCLOUD_ACCESS_KEY_ID"))
	g.Expect(got.out + got.err).NotTo(ContainSubstring(secret))
}

// TestWhatTheEnvironmentHoldsIsInNoReport, also where it is not sent: to the embedded mock, and where a log is judged.
func TestWhatTheEnvironmentHoldsIsInNoReport(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const secret = "c2VjcmV0LW9mLXRoZS1ydW4"
	folder := t.TempDir()
	log, known, path := filepath.Join(folder, secret+".har"), filepath.Join(folder, secret+".yaml"), filepath.Join(folder, "report.json")
	list := "known: [{rule: REQ-2, reason: " + secret + ", expires: 9999-12-31}]"
	g.Expect(os.WriteFile(known, []byte(list), 0o600)).To(Succeed())
	for _, args := range [][]string{
		{"run", "--quiet", "--effort", "quick", "--linger", "0", "--label-filter", "REQ-1 || REQ-2 || " + secret, "--record", log},
		{"judge", log},
	} {
		var out, errs bytes.Buffer
		command := exec.Command(os.Args[0], append(args, "--baseline", known, "--report", "json="+path)...)
		_, ended := launch(g, command, &out, &errs, "ZENLAYER_TOKEN="+secret)
		g.Eventually(ended, patient).Should(Receive(BeNil()), errs.String)
		written, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(out.String() + errs.String() + string(written)).NotTo(ContainSubstring(secret))
		g.Expect(string(written)).To(ContainSubstring("REDACTED"))
	}
}
