package api_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// One snapshot can be deleted and one is not there: the answer is a success that lists the one that is not.
func ExampleNewClientWithResponses() {
	service := mock.NewService()
	implementation := httptest.NewServer(service)
	defer implementation.Close()
	ids := append(service.Create(contract.Normal, 1), "snap-00000000")

	client, err := api.NewClientWithResponses(implementation.URL)
	if err != nil {
		panic(err)
	}
	answer, err := client.DeleteSnapshotsWithResponse(context.Background(),
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: ids})
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.StatusCode(), *answer.JSON200.Response.SnapshotIds)
	// Output: 200 [snap-00000000]
}
