package mock

import (
	"encoding/json"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/companions"
)

// What whoever shows the mock to people, or lets them change it, has to know of its bounds.
const (
	MaxCount = maxCount // snapshots in one order
	MaxKept  = maxKept  // bytes of a body on record
)

// Actions are those that the mock has.
func Actions() []string {
	return []string{contract.Action, string(companions.ActionCreateSnapshot), string(companions.ActionDescribeSnapshots)}
}

// SnapshotIDs are the ids that the request names; none where its body names none, or is not kept as a whole.
func (x *Exchange) SnapshotIDs() []string {
	var request struct {
		SnapshotIDs []string `json:"snapshotIds"`
	}
	if json.Unmarshal(x.Request, &request) != nil {
		return nil
	}
	return request.SnapshotIDs
}
