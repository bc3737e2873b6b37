package outside

import (
	"context"
	"fmt"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// deleteAll is a client as somebody may write it: it deletes any number of snapshots, a batch at a time, takes one that is
// missing for deleted, and gives those that could not be deleted.
func deleteAll(ctx context.Context, client *api.ClientWithResponses, ids []string) ([]string, error) {
	var left []string
	for batch := range slices.Chunk(ids, contract.MaxBatch) {
		answer, err := client.DeleteSnapshotsWithResponse(ctx,
			&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots},
			api.DeleteSnapshotsRequest{SnapshotIds: batch})
		switch {
		case err != nil:
			return nil, err
		case answer.JSON200 != nil && answer.JSON200.Response.SnapshotIds != nil:
			left = append(left, *answer.JSON200.Response.SnapshotIds...)
		case answer.JSON400 != nil && api.ErrorCode(answer.JSON400.Code) == api.CodeDeniedSnapshotStatus:
			left = append(left, batch...)
		case answer.JSON200 == nil && answer.JSON404 == nil:
			return nil, fmt.Errorf("%s: %s", answer.Status(), answer.Body)
		}
	}
	return left, nil
}
