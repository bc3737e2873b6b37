package mock_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/companions"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// kit sends requests with the headers that the vendor's development kits send.
type kit struct {
	version     string
	credentials signing.Credentials
}

func (k kit) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body, err = request.GetBody()
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		contract.HeaderVersion: k.version, contract.HeaderService: contract.ServiceName, "x-zc-sdk-version": "1.2.3", "x-zc-sdk-lang": "go",
	} {
		request.Header.Set(name, value)
	}
	k.credentials.Sign(request, body, time.Now())
	return http.DefaultTransport.RoundTrip(request)
}

// verifying has the mock take requests with these credentials alone.
func verifying(credentials signing.Credentials) mock.Option {
	return mock.WithAround(func(_ *mock.Service, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := mock.Body(w, r)
			if err == nil {
				err = credentials.Verify(r, body, time.Now())
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
}

// consumer deletes one snapshot at a time, and waits until it is gone.
type consumer struct {
	t      *testing.T
	action *api.ClientWithResponses
	beside *companions.ClientWithResponses
}

func newConsumer(t *testing.T, url string, k kit) consumer {
	t.Helper()
	g, sender := NewWithT(t), &http.Client{Transport: k}
	action, err := api.NewClientWithResponses(url, api.WithHTTPClient(sender))
	g.Expect(err).NotTo(HaveOccurred())
	beside, err := companions.NewClientWithResponses(url, companions.WithHTTPClient(sender))
	g.Expect(err).NotTo(HaveOccurred())
	return consumer{t, action, beside}
}

// create has a snapshot made, and waits until it can be used.
func (c consumer) create(g Gomega) (id string) {
	c.t.Helper()
	got, err := c.beside.CreateSnapshotWithResponse(c.t.Context(), &companions.CreateSnapshotParams{XZCAction: companions.ActionCreateSnapshot},
		companions.CreateSnapshotRequest{DiskId: "disk-1", SnapshotName: "of-a-consumer"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got.JSON200).NotTo(BeNil(), string(got.Body))
	id = got.JSON200.Response.SnapshotId
	g.Eventually(func(g Gomega) {
		_, shown := c.describe(g, id)
		g.Expect(shown).To(HaveLen(1))
		g.Expect(shown[0].Status).To(Equal(companions.StatusAvailable))
	}).WithTimeout(time.Minute).Should(Succeed())
	return id
}

// delete gives the code of an error, or what was listed.
func (c consumer) delete(g Gomega, id string) (code string, listed []string) {
	c.t.Helper()
	got, err := c.action.DeleteSnapshotsWithResponse(c.t.Context(), &api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots},
		api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
	g.Expect(err).NotTo(HaveOccurred())
	switch {
	case got.JSON404 != nil:
		return got.JSON404.Code, nil
	case got.JSON400 != nil:
		return got.JSON400.Code, nil
	}
	g.Expect(got.JSON200).NotTo(BeNil(), string(got.Body))
	return "", *got.JSON200.Response.SnapshotIds
}

func (c consumer) describe(g Gomega, id string) (total int, shown []companions.SnapshotInfo) {
	c.t.Helper()
	got, err := c.beside.DescribeSnapshotsWithResponse(c.t.Context(), &companions.DescribeSnapshotsParams{XZCAction: companions.ActionDescribeSnapshots},
		companions.DescribeSnapshotsRequest{SnapshotIds: &[]string{id}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got.JSON200).NotTo(BeNil(), string(got.Body))
	return got.JSON200.Response.TotalCount, got.JSON200.Response.DataSet
}

// provider deletes in the way of the Terraform provider: it takes an error that says that there is no such snapshot for a
// success, does not read what is listed, and waits as long as the snapshot is shown to be leaving.
func (c consumer) provider(g Gomega, id string) (code string) {
	c.t.Helper()
	if code, _ := c.delete(g, id); code != "" && code != contract.NotFound.Code {
		return code
	}
	g.Eventually(func(g Gomega) {
		_, shown := c.describe(g, id)
		for _, one := range shown {
			if one.Status != companions.StatusDeleting {
				StopTrying("the provider gives up on one that is " + string(one.Status)).Now()
			}
		}
		g.Expect(shown).To(BeEmpty())
	}).WithTimeout(time.Minute).Should(Succeed())
	return ""
}

// driver deletes in the way of the CSI driver: it looks first, takes nothing listed for a success, and waits until the
// service counts no snapshot of this id.
func (c consumer) driver(g Gomega, id string) (code string) {
	c.t.Helper()
	if total, _ := c.describe(g, id); total == 0 {
		return ""
	}
	code, listed := c.delete(g, id)
	if code == contract.NotFound.Code {
		return ""
	}
	if code != "" {
		return code
	}
	g.Expect(listed).To(BeEmpty())
	g.Eventually(func(g Gomega) int {
		total, _ := c.describe(g, id)
		return total
	}).WithTimeout(time.Minute).Should(BeZero())
	return ""
}

// TestPublicConsumers deletes as the two public consumers of the action do, with either version of the API, signed and with
// a token, where deletion takes its time and where it takes none.
func TestPublicConsumers(t *testing.T) {
	t.Parallel()
	for way, remove := range map[string]func(consumer, Gomega, string) string{"provider": consumer.provider, "driver": consumer.driver} {
		for proof, credentials := range map[string]signing.Credentials{"signed": {KeyID: "key-1", Secret: "none of it matters"}, "with a token": {Token: "token-of-a-consumer"}} {
			for _, version := range contract.Versions {
				for _, lasts := range []time.Duration{0, 20 * time.Millisecond} {
					t.Run(way+" "+proof+" "+version+" "+lasts.String(), func(t *testing.T) {
						t.Parallel()
						g := NewWithT(t)
						m := mock.New(t, mock.WithDelays(lasts, lasts), verifying(credentials))
						c := newConsumer(t, m.URL(), kit{version, credentials})

						id, kept := c.create(g), c.create(g)
						g.Expect(remove(c, g, id)).To(BeEmpty())
						g.Expect(remove(c, g, id)).To(BeEmpty(), "it is gone, and so that is done")
						g.Expect(remove(c, g, "snap-none")).To(BeEmpty())
						code, _ := c.delete(g, id)
						g.Expect(code).To(Equal(contract.NotFound.Code))

						failed := m.Given("FAILED", 1)[0]
						g.Expect(remove(c, g, failed)).To(Equal(contract.DeniedState.Code))
						for want, id := range map[companions.Status]string{companions.StatusAvailable: kept, companions.StatusFailed: failed} {
							total, shown := c.describe(g, id)
							g.Expect(total).To(Equal(1))
							g.Expect(shown[0].Status).To(Equal(want))
						}
					})
				}
			}
		}
	}
}
