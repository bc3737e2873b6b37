// Package companions has the actions beside the contract's own that clients of it call before and after: CreateSnapshot
// makes a snapshot, and DescribeSnapshots lists them. openapi.yaml describes them; what else is here is generated from it,
// a client included, or carries them out on a store. They are no part of the contract.
package companions

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// What clients read of every snapshot, and the store knows of none: here, all are alike in it.
const (
	zone          = "asia-east-1a"
	resourceGroup = "group-default"
	groupName     = "default"
	snapshotType  = TypeManual
	diskType      = DiskData
)

// Service carries the actions out.
type Service struct {
	Store        *store.Store
	NewID        func() string // names a snapshot
	NewRequestID func() string
}

var _ StrictServerInterface = Service{}

// Action is one of the actions.
type Action struct {
	Request *openapi3.Schema // of what it is asked

	// Serve answers a request of the right form. It takes what Request has a default for as given.
	Serve http.HandlerFunc
}

// Answer answers a request with an error.
type Answer = func(w http.ResponseWriter, r *http.Request, err error)

// Actions gives the actions by their names. What cannot be read of a request is answered by refuse, and a fault of the
// service itself by fail.
func (s Service) Actions(refuse, fail Answer) map[string]Action {
	stub := ServerInterfaceWrapper{
		Handler:          NewStrictHandlerWithOptions(s, nil, StrictHTTPServerOptions{RequestErrorHandlerFunc: refuse, ResponseErrorHandlerFunc: fail}),
		ErrorHandlerFunc: refuse,
	}
	return map[string]Action{
		string(ActionCreateSnapshot):    {request(ActionCreateSnapshot), stub.CreateSnapshot},
		string(ActionDescribeSnapshots): {request(ActionDescribeSnapshots), stub.DescribeSnapshots},
	}
}

// CreateSnapshot implements StrictServerInterface.
func (s Service) CreateSnapshot(_ context.Context, asked CreateSnapshotRequestObject) (CreateSnapshotResponseObject, error) {
	facts := store.Facts{Name: asked.Body.SnapshotName, Disk: asked.Body.DiskId}
	if asked.Body.RetentionTime != nil {
		facts.Retention = *asked.Body.RetentionTime
		ends, err := time.Parse(time.RFC3339, facts.Retention)
		if err != nil { // a day that no month has, such as the 30th of February
			return s.refuse(contract.WrongDate, "retentionTime is no time: "+err.Error()), nil
		}
		if time.Until(ends) < leastRetention {
			return s.refuse(contract.WrongValue, fmt.Sprintf("retentionTime has to be at least %s ahead.", leastRetention)), nil
		}
	}
	id := s.NewID()
	if err := s.Store.Begin(id, facts); err != nil {
		return nil, err
	}
	result := CreateSnapshotResult{RequestId: s.NewRequestID()}
	result.Response.RequestId, result.Response.SnapshotId = result.RequestId, id
	return CreateSnapshot200JSONResponse(result), nil
}

func (s Service) refuse(kind contract.Error, message string) CreateSnapshot4XXJSONResponse {
	return CreateSnapshot4XXJSONResponse{StatusCode: kind.Status, Body: Failure{RequestId: s.NewRequestID(), Code: kind.Code, Message: message}}
}

// DescribeSnapshots implements StrictServerInterface.
func (s Service) DescribeSnapshots(_ context.Context, asked DescribeSnapshotsRequestObject) (DescribeSnapshotsResponseObject, error) {
	filter, size := asked.Body, int(*asked.Body.PageSize)
	query := store.Query{Match: filter.passes, From: (int(*filter.PageNum) - 1) * size, Limit: size} // no overflow: both are bounded
	if filter.SnapshotIds != nil {
		query.IDs = *filter.SnapshotIds
	}
	page, total, err := s.Store.List(query)
	if err != nil {
		return nil, err
	}
	result := DescribeSnapshotsResult{RequestId: s.NewRequestID()}
	result.Response.RequestId, result.Response.TotalCount = result.RequestId, total
	result.Response.DataSet = make([]SnapshotInfo, len(page))
	for i, one := range page {
		result.Response.DataSet[i] = info(one)
	}
	return DescribeSnapshots200JSONResponse(result), nil
}

// passes tells whether a snapshot passes all the filters but that for ids.
func (r *DescribeSnapshotsRequest) passes(one *store.Snapshot) bool {
	return (r.DiskIds == nil || len(*r.DiskIds) == 0 || slices.Contains(*r.DiskIds, one.Disk)) &&
		(r.SnapshotName == nil || matches(one.Name, *r.SnapshotName)) &&
		is(r.Status, Status(one.State.Listed())) &&
		is(r.SnapshotType, snapshotType) && is(r.DiskType, diskType) && is(r.ZoneId, zone) && is(r.ResourceGroupId, resourceGroup)
}

// is tells whether something is as wanted, if it is to be anything.
func is[T comparable](wanted *T, is T) bool { return wanted == nil || *wanted == is }

// matches tells whether a name has a part: at its beginning where there is ^ before the part, and at its end where there
// is $ after it.
func matches(name, part string) bool {
	part, begins := strings.CutPrefix(part, "^")
	part, ends := strings.CutSuffix(part, "$")
	switch {
	case begins && ends:
		return name == part
	case begins:
		return strings.HasPrefix(name, part)
	case ends:
		return strings.HasSuffix(name, part)
	default:
		return strings.Contains(name, part)
	}
}

func info(one store.Snapshot) SnapshotInfo {
	shown := SnapshotInfo{
		SnapshotId: one.ID, SnapshotName: one.Name, DiskId: one.Disk, Status: Status(one.State.Listed()),
		CreateTime: one.Created.UTC().Format(time.RFC3339), ZoneId: zone, SnapshotType: snapshotType, DiskAbility: one.State == contract.Normal,
	}
	shown.ResourceGroup.ResourceGroupId, shown.ResourceGroup.ResourceGroupName = resourceGroup, groupName
	if one.Retention != "" {
		shown.RetentionTime = &one.Retention
	}
	return shown
}

var document = must(GetSpec())

// leastRetention is how far ahead the end of a snapshot's retention has to be.
var leastRetention = must(time.ParseDuration(request(ActionCreateSnapshot).Extensions["x-least-retention"].(string)))

// request is the schema of what an action is asked.
func request[T ~string](action T) *openapi3.Schema {
	operation := document.Paths.Value(contract.Path + "#" + string(action)).Post
	return operation.RequestBody.Value.Content.Get(contract.ContentType).Schema.Value
}

// must is for the document: it is part of the build, and a test reads it.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
