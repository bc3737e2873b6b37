package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// TestTheMockSpeaksTLS judges it through that, with a client that trusts no other certificate.
func TestTheMockSpeaksTLS(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lender := httptest.NewTLSServer(nil) // of a certificate for this machine
	lender.Close()
	private, err := x509.MarshalPKCS8PrivateKey(lender.TLS.Certificates[0].PrivateKey)
	g.Expect(err).NotTo(HaveOccurred())
	cert := writePEM(t, "CERTIFICATE", lender.Certificate().Raw)

	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"mock", "--addr", "127.0.0.1:0", "--cert", cert, "--key", writePEM(t, "PRIVATE KEY", private)}, variables{}.lookup, in, &errs)
	}()
	first, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(first).To(MatchRegexp(`^https://127\.0\.0\.1:\d+\n$`))

	got := judge(t, nil, "--endpoint", strings.TrimSuffix(first, "\n"), "--testbed", mock.TestbedPath, "--label-filter", "REQ-1", "--cacert", cert)
	g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.err)
	stop()
	g.Eventually(ended, patient).Should(Receive(BeZero()))
	g.Expect(errs.String()).NotTo(ContainSubstring("have clients not verify it"))
}

func TestAMockThatCannotSpeakTLSSaysSo(t *testing.T) {
	t.Parallel()
	one := newGuest(t)
	for name, usage := range map[string]struct {
		flags []string
		mend  string
	}{
		"a certificate alone":      {[]string{"--cert", one.cert}, "give both, or neither"},
		"a key alone":              {[]string{"--key", one.key}, "give both, or neither"},
		"a certificate in no file": {[]string{"--cert", filepath.Join(t.TempDir(), "none"), "--key", one.key}, "give a PEM file of the certificate"},
		"the wrong way round":      {[]string{"--cert", one.key, "--key", one.cert}, "give two files that belong together"},
		"a mutant":                 {[]string{"--cert", one.cert, "--key", one.key, "--mutant", "folds-case"}, "give --fault folds-case in place of --mutant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"mock", "--addr", "127.0.0.1:0"}, usage.flags...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
		})
	}
}
