package mock

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// The actions beside the contract's own by which the service's clients make snapshots and look at them, as far as
// a testbed needs them.
const (
	createSnapshot    = "CreateSnapshot"
	describeSnapshots = "DescribeSnapshots"
)

// The bounds of the companions' parameters.
const (
	timeFormat      = "2006-01-02T15:04:05Z"
	leastRetention  = 24 * time.Hour
	defaultPageSize = 20
	maxPageSize     = 1000
)

// companion carries out an action and gives the members of its response.
type companion func(parameters parameters) (map[string]any, error)

// companion gives the action that a request is for, nil if it is for none of these.
func (s *Service) companion(header http.Header) companion {
	actions := header.Values(contract.HeaderAction)
	switch {
	case len(actions) != 1:
		return nil
	case actions[0] == createSnapshot:
		return s.createSnapshot
	case actions[0] == describeSnapshots:
		return s.describeSnapshots
	}
	return nil
}

func (s *Service) serveCompanion(w http.ResponseWriter, r *http.Request, act companion) {
	response, err := func() (map[string]any, error) {
		if err := checkContentType(r.Header); err != nil {
			return nil, err
		}
		value, err := readValue(w, r)
		if err != nil {
			return nil, err
		}
		members, ok := value.(map[string]any)
		if !ok {
			return nil, refusal{contract.WrongType, "The body has to be an object."}
		}
		return act(members)
	}()
	if err != nil {
		fail(w, r, err)
		return
	}
	id := newRequestID()
	response[contract.FieldRequestID] = id
	writeJSON(w, http.StatusOK, map[string]any{contract.FieldRequestID: id, contract.FieldResponse: response})
}

func (s *Service) createSnapshot(given parameters) (map[string]any, error) {
	disk, err := given.text("diskId")
	if err != nil {
		return nil, err
	}
	name, err := given.text("snapshotName")
	if err != nil {
		return nil, err
	}
	expires, err := given.text("retentionTime")
	switch {
	case err != nil:
		return nil, err
	case disk == "" || name == "":
		return nil, refusal{contract.MissingParameter, "diskId and snapshotName are required."}
	}
	if expires != "" {
		if at, err := time.Parse(timeFormat, expires); err != nil || time.Until(at) < leastRetention {
			return nil, refusal{contract.WrongValue, fmt.Sprintf("retentionTime has to be like %s, and at least %s ahead.", timeFormat, leastRetention)}
		}
	}
	id := s.newIDs(1)[0]
	if err := s.store.Begin(id, store.Facts{Name: name, Disk: disk, Retention: expires}); err != nil {
		return nil, err
	}
	return map[string]any{"snapshotId": id}, nil
}

// describeSnapshots lists snapshots in the order in which they were made. A filter that is absent, or has no members,
// lets all of them pass.
func (s *Service) describeSnapshots(given parameters) (map[string]any, error) {
	for _, unknown := range []string{"zoneId", "diskType", "snapshotType", "resourceGroupId"} {
		if _, has := given[unknown]; has {
			return nil, refusal{contract.WrongValue, "The mock has no filter for " + unknown + "."}
		}
	}
	ids, err := given.list(contract.FieldSnapshotIDs)
	if err != nil {
		return nil, err
	}
	disks, err := given.list("diskIds")
	if err != nil {
		return nil, err
	}
	name, err := given.text("snapshotName")
	if err != nil {
		return nil, err
	}
	status, err := given.text("status")
	if err != nil {
		return nil, err
	}
	number, err := given.number("pageNum", 1, 1<<30)
	if err != nil {
		return nil, err
	}
	size, err := given.number("pageSize", defaultPageSize, maxPageSize)
	if err != nil {
		return nil, err
	}
	state, _ := contract.ParseState(status)
	page, total, err := s.store.List(store.Query{
		IDs: ids,
		Match: func(one *store.Snapshot) bool {
			return (len(disks) == 0 || slices.Contains(disks, one.Disk)) && strings.Contains(one.Name, name) && (status == "" || one.State == state)
		},
		From: (number - 1) * size, Limit: size, // no overflow: both are bounded
	})
	if err != nil {
		return nil, err
	}
	shown := make([]map[string]any, len(page))
	for i, one := range page {
		shown[i] = map[string]any{
			"snapshotId": one.ID, "snapshotName": one.Name, "diskId": one.Disk, "status": one.State.Listed(), "createTime": one.Created.Format(timeFormat),
		}
		if one.Retention != "" {
			shown[i]["retentionTime"] = one.Retention
		}
	}
	return map[string]any{"totalCount": total, "dataSet": shown}, nil
}

// parameters are the members of a request. One that is null is as good as absent.
type parameters map[string]any

func (p parameters) text(name string) (string, error) {
	text, ok := p[name].(string)
	if !ok && p[name] != nil {
		return "", refusal{contract.WrongType, name + " has to be a string."}
	}
	return text, nil
}

func (p parameters) list(name string) ([]string, error) {
	values, ok := p[name].([]any)
	if !ok && p[name] != nil {
		return nil, refusal{contract.WrongType, name + " has to be an array of strings."}
	}
	if len(values) > contract.MaxBatch {
		return nil, refusal{contract.TooMany, fmt.Sprintf("%s has more than %d members.", name, contract.MaxBatch)}
	}
	texts := make([]string, len(values))
	for i, value := range values {
		if texts[i], ok = value.(string); !ok {
			return nil, refusal{contract.WrongType, name + " has to be an array of strings."}
		}
	}
	return texts, nil
}

func (p parameters) number(name string, otherwise, most int) (int, error) {
	if p[name] == nil {
		return otherwise, nil
	}
	text, ok := p[name].(json.Number)
	if !ok {
		return 0, refusal{contract.WrongType, name + " has to be an integer."}
	}
	number, err := text.Int64()
	if err != nil || number < 1 || number > int64(most) {
		return 0, refusal{contract.WrongValue, fmt.Sprintf("%s has to be an integer from 1 to %d.", name, most)}
	}
	return int(number), nil
}
