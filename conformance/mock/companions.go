package mock

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
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

// created is what is known of a snapshot that CreateSnapshot has made.
type created struct {
	number              int // in the order in which they were made
	name, disk, expires string
	at                  time.Time
}

// companion carries out an action and gives the members of its response.
type companion func(parameters parameters) (map[string]any, error)

// companion gives the action that a request is for, nil if it is for none of these.
func (m *Mock) companion(header http.Header) companion {
	actions := header.Values(contract.HeaderAction)
	switch {
	case len(actions) != 1:
		return nil
	case actions[0] == createSnapshot:
		return m.createSnapshot
	case actions[0] == describeSnapshots:
		return m.describeSnapshots
	}
	return nil
}

func (m *Mock) serveCompanion(w http.ResponseWriter, r *http.Request, act companion) {
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

func (m *Mock) createSnapshot(given parameters) (map[string]any, error) {
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
	id := m.begin(created{name: name, disk: disk, expires: expires, at: time.Now().UTC()})
	return map[string]any{"snapshotId": id}, nil
}

// begin begins to make a snapshot.
func (m *Mock) begin(c created) (id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, m.count = m.newID(), m.count+1
	c.number = m.count
	m.states[id], m.created[id] = contract.Normal, c
	if m.creating > 0 {
		m.states[id] = contract.State(api.Creating)
		time.AfterFunc(m.creating, func() { m.finish(id) })
	}
	return id
}

// finish makes a snapshot usable, if nothing else has become of it.
func (m *Mock) finish(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.states[id] == contract.State(api.Creating) {
		m.states[id] = contract.Normal
	}
}

// describeSnapshots lists snapshots in the order in which they were made. A filter that is absent, or has no members,
// lets all of them pass.
func (m *Mock) describeSnapshots(given parameters) (map[string]any, error) {
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
	all := m.list(ids, func(id string, c created) bool {
		return (len(disks) == 0 || slices.Contains(disks, c.disk)) && strings.Contains(c.name, name) &&
			(status == "" || m.states[id] == state)
	})
	from := min((number-1)*size, len(all)) // no overflow: both are bounded
	return map[string]any{"totalCount": len(all), "dataSet": all[from:min(from+size, len(all))]}, nil
}

// list gives what is shown of those of the ids, or of all if there are none, that pass a filter.
func (m *Mock) list(ids []string, pass func(id string, c created) bool) []map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids = distinct(ids)
	if len(ids) == 0 {
		for id := range m.states {
			ids = append(ids, id)
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		_, there := m.states[id]
		return !there || !pass(id, m.created[id])
	})
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(m.created[a].number, m.created[b].number), cmp.Compare(a, b))
	})
	shown := make([]map[string]any, len(ids))
	for i, id := range ids {
		c := m.created[id]
		shown[i] = map[string]any{
			"snapshotId": id, "snapshotName": c.name, "diskId": c.disk, "status": m.states[id].Listed(), "createTime": c.at.Format(timeFormat),
		}
		if c.expires != "" {
			shown[i]["retentionTime"] = c.expires
		}
	}
	return shown
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
