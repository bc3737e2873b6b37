package signing_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

func deleteSigned(ctx context.Context, endpoint string, ids []string) (*api.DeleteSnapshotsResponse, error) {
	credentials, err := signing.FromEnvironment(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	client, err := api.NewClientWithResponses(endpoint, credentials.Option())
	if err != nil {
		return nil, err
	}
	version := api.Version20250901
	return client.DeleteSnapshotsWithResponse(ctx,
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots, XZCVersion: &version},
		api.DeleteSnapshotsRequest{SnapshotIds: ids})
}

func ExampleCredentials_Option() {
	service := httptest.NewServer(mock.NewService())
	defer service.Close()
	answer, err := deleteSigned(context.Background(), service.URL, []string{"snap-00000000"})
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.StatusCode(), answer.JSON404.Code)
	// Output: 404 INVALID_DISK_SNAPSHOT_NOT_FOUND
}

// TestReadmeShowsTheExample: what the README shows of a signed client is code that runs.
func TestReadmeShowsTheExample(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	read := func(path string) string {
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		return string(text)
	}
	own := read("example_test.go")
	blocks := regexp.MustCompile("(?s)```go\n([^`]*signing[.]FromEnvironment.*?)```").FindAllStringSubmatch(read("../../README.md"), -1)
	g.Expect(blocks).To(HaveLen(1))
	for line := range strings.Lines(blocks[0][1]) {
		g.Expect(own).To(ContainSubstring(line))
	}
}
