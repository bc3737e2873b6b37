package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

func TestAnEndpointIsVouchedForByAFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := httptest.NewUnstartedServer(mock.NewService())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of callers that do not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	g.Expect(os.WriteFile(file, certificate, 0o600)).To(Succeed())
	flags := []string{"--endpoint", server.URL, "--testbed", server.URL + mock.TestbedPath, "--label-filter", "REQ-1"}

	stranger := judge(t, nil, flags...)
	g.Expect(stranger.status).To(Equal(2))
	g.Expect(stranger.err).To(ContainSubstring("certificate signed by unknown authority"))
	g.Expect(lines(stranger.err)).To(HaveLen(1))

	g.Expect(judge(t, nil, append(flags, "--cacert", file)...).status).To(BeZero())
}
