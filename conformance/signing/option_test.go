package signing_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// guarded is a server that wants credentials, and answers with what it would not let in, or with the body that it got.
func guarded(t *testing.T, wanted signing.Credentials) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = wanted.Verify(r, body, time.Now())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

var params = &api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}

func TestOptionSignsWhatTheClientSends(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]signing.Credentials{"a key pair": pair, "a token": {Token: "t0ken"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			url := guarded(t, credentials)
			text := func(response *http.Response, err error) string {
				g.Expect(err).NotTo(HaveOccurred())
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				g.Expect(err).NotTo(HaveOccurred())
				return strings.TrimSpace(string(body))
			}
			const body = `{"snapshotIds":["snap-1"]}`

			client, err := api.NewClient(url, credentials.Option(), api.WithHTTPClient(&http.Client{}))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(text(client.DeleteSnapshots(t.Context(), params, api.DeleteSnapshotsRequest{SnapshotIds: []string{"snap-1"}}))).To(Equal(body))
			once := io.MultiReader(strings.NewReader(body)) // of which nobody knows how to get another
			g.Expect(text(client.DeleteSnapshotsWithBody(t.Context(), params, api.ContentType+"; charset=utf-8", once))).To(Equal(body))

			stranger, err := api.NewClient(url, signing.Credentials{KeyID: knownID, Secret: "not it"}.Option())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(text(stranger.DeleteSnapshotsWithBody(t.Context(), params, api.ContentType, strings.NewReader(body)))).NotTo(Equal(body))
		})
	}
}

func TestOptionSignsARequestWithoutABody(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	client, err := api.NewClient(guarded(t, pair), pair.Option())
	g.Expect(err).NotTo(HaveOccurred())
	response, err := client.DeleteSnapshotsWithBody(t.Context(), params, api.ContentType, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(response.StatusCode).To(Equal(http.StatusOK))
}

// TestOptionFollowsEditors: what the client's other options make of a request is signed.
func TestOptionFollowsEditors(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	other := api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		return nil
	})
	client, err := api.NewClient(guarded(t, pair), other, pair.Option())
	g.Expect(err).NotTo(HaveOccurred())
	response, err := client.DeleteSnapshotsWithBody(t.Context(), params, api.ContentType, strings.NewReader("{}"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(response.StatusCode).To(Equal(http.StatusOK))
}

func TestNothingIsSentOfABodyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	client, err := api.NewClient("http://127.0.0.1:1", pair.Option())
	g.Expect(err).NotTo(HaveOccurred())
	lost := errors.New("the disk is gone")
	_, err = client.DeleteSnapshotsWithBody(t.Context(), params, api.ContentType, iotest.ErrReader(lost))
	g.Expect(err).To(MatchError(lost))
}

// TestTheHostIsSignedAsItIsSent, however it is written.
func TestTheHostIsSignedAsItIsSent(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "localhost", "LocalHost", "[::1]", "[fe80::1%25eth0]", "[fe80::1%25eth0]:80", "host:", "console.zenlayer.com:443"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			there := roundTripper(func(r *http.Request) (*http.Response, error) {
				var sent bytes.Buffer
				g.Expect(r.Write(&sent)).To(Succeed())
				received, err := http.ReadRequest(bufio.NewReader(&sent))
				g.Expect(err).NotTo(HaveOccurred())
				body, err := io.ReadAll(received.Body)
				g.Expect(err).NotTo(HaveOccurred())
				return &http.Response{Body: http.NoBody}, pair.Verify(received, body, time.Now())
			})
			client, err := api.NewClient("http://"+host, pair.Option(), api.WithHTTPClient(&http.Client{Transport: there}))
			g.Expect(err).NotTo(HaveOccurred())
			response, err := client.DeleteSnapshots(t.Context(), params, api.DeleteSnapshotsRequest{SnapshotIds: []string{"snap-1"}})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(response.Body.Close()).To(Succeed())
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// TestSigningBringsLittle: who uses the client alone gets neither the document nor what reads it.
func TestSigningBringsLittle(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const module = "github.com/zec-conformance/deletesnapshots/"
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	output, err := command.Output()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Fields(string(output))).To(ConsistOf(
		module+"conformance/signing", module+"generated/api",
		"github.com/oapi-codegen/runtime", "github.com/oapi-codegen/runtime/types", // and what it brings:
		"github.com/apapsch/go-jsonmerge/v2", "github.com/google/uuid",
	))
}
