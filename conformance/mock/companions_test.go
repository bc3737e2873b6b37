package mock_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/companions"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

const (
	create   = "CreateSnapshot"
	describe = "DescribeSnapshots"
)

// act asks for another action.
func (s service) act(action, body string) answer {
	s.t.Helper()
	request := s.call(body)
	request.Header.Set(contract.HeaderAction, action)
	return s.send(request)
}

// shown is what DescribeSnapshots shows of a snapshot, as the vendor's development kits read it.
type shown struct {
	SnapshotID    string `json:"snapshotId"`
	SnapshotName  string `json:"snapshotName"`
	DiskID        string `json:"diskId"`
	Status        string `json:"status"`
	CreateTime    string `json:"createTime"`
	RetentionTime string `json:"retentionTime"`
	ZoneID        string `json:"zoneId"`
	SnapshotType  string `json:"snapshotType"`
	DiskAbility   *bool  `json:"diskAbility"`
	ResourceGroup struct {
		ID   string `json:"resourceGroupId"`
		Name string `json:"resourceGroupName"`
	} `json:"resourceGroup"`
}

// make has a snapshot made.
func (s service) make(g Gomega, disk, name string) string {
	s.t.Helper()
	got := s.act(create, fmt.Sprintf(`{"diskId": %q, "snapshotName": %q}`, disk, name))
	g.Expect(got.status).To(Equal(http.StatusOK), string(got.text))
	var body struct {
		RequestID string `json:"requestId"`
		Response  struct {
			RequestID  string `json:"requestId"`
			SnapshotID string `json:"snapshotId"`
		} `json:"response"`
	}
	decodeStrictly(g, got.text, &body)
	g.Expect(body.Response.RequestID).To(And(Equal(body.RequestID), Not(BeEmpty())))
	return body.Response.SnapshotID
}

func (s service) describe(g Gomega, body string) (total int, set []shown) {
	s.t.Helper()
	got := s.act(describe, body)
	g.Expect(got.status).To(Equal(http.StatusOK), string(got.text))
	var all struct {
		RequestID string `json:"requestId"`
		Response  struct {
			RequestID  string  `json:"requestId"`
			TotalCount int     `json:"totalCount"`
			DataSet    []shown `json:"dataSet"`
		} `json:"response"`
	}
	decodeStrictly(g, got.text, &all)
	g.Expect(all.Response.RequestID).To(And(Equal(all.RequestID), Not(BeEmpty())))
	return all.Response.TotalCount, all.Response.DataSet
}

func TestCompanions(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	a, b, c := s.make(g, "disk-1", "first"), s.make(g, "disk-1", "second"), s.make(g, "disk-2", "third")
	s.Put(b, "FAILED")
	for filter, want := range map[string][]string{
		`{}`: {a, b, c}, `{"snapshotIds": []}`: {a, b, c}, `{"snapshotIds": null}`: {a, b, c},
		fmt.Sprintf(`{"snapshotIds": [%q, "none", %q, %q]}`, c, a, a): {a, c},
		`{"snapshotIds": [""]}`:                                   nil,
		`{"diskIds": ["disk-1"]}`:                                 {a, b},
		`{"diskIds": ["disk-1", "disk-2"], "snapshotName": "ir"}`: {a, c},
		`{"status": "AVAILABLE"}`:                                 {a, c},
		`{"status": "FAILED"}`:                                    {b},
		`{"status": "DELETING"}`:                                  nil,
		`{"snapshotName": "^fir"}`:                                {a},
		`{"snapshotName": "ir$"}`:                                 nil,
		`{"snapshotName": "d$"}`:                                  {b, c},
		`{"snapshotName": "^third$"}`:                             {c},
		`{"snapshotName": "^thir$"}`:                              nil,
		`{"snapshotName": ""}`:                                    {a, b, c},
		`{"snapshotType": "Manual", "diskType": "DATA"}`:          {a, b, c},
		`{"snapshotType": "Auto"}`:                                nil,
		`{"diskType": "SYSTEM"}`:                                  nil,
		`{"zoneId": "elsewhere"}`:                                 nil,
		`{"resourceGroupId": "another"}`:                          nil,
	} {
		total, set := s.describe(g, filter)
		var ids []string
		for _, one := range set {
			ids = append(ids, one.SnapshotID)
		}
		g.Expect(ids).To(Equal(want), filter)
		g.Expect(total).To(Equal(len(want)), filter)
	}
	_, set := s.describe(g, fmt.Sprintf(`{"snapshotIds": [%q, %q]}`, a, b))
	for i, one := range set {
		created, err := time.Parse("2006-01-02T15:04:05Z", one.CreateTime)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(created).To(BeTemporally("~", time.Now(), time.Hour))
		g.Expect(one.RetentionTime).To(BeEmpty())
		g.Expect(one.SnapshotType).To(Equal("Manual"))
		g.Expect(one.DiskAbility).To(HaveValue(Equal(i == 0))) // of one that has failed, no disk can be made
		total, _ := s.describe(g, fmt.Sprintf(`{"zoneId": %q, "resourceGroupId": %q}`, one.ZoneID, one.ResourceGroup.ID))
		g.Expect(total).To(Equal(3))
		g.Expect(one.ResourceGroup.Name).NotTo(BeEmpty())
	}
	g.Expect(set[0].SnapshotName + set[0].DiskID + set[0].Status).To(Equal("first" + "disk-1" + contract.Normal.Listed()))

	expectSuccess(g, s.delete(a))
	total, _ := s.describe(g, `{}`)
	g.Expect(total).To(Equal(2))
}

func TestPagesOfCompanions(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	for i := range 25 {
		s.make(g, "disk-1", fmt.Sprint("n-", i))
	}
	for body, want := range map[string]int{
		`{}`: 20, `{"pageNum": 2}`: 5, `{"pageNum": 3}`: 0, `{"pageNum": 1073741824, "pageSize": 1000}`: 0, `{"pageSize": 1000}`: 25, `{"pageNum": 4, "pageSize": 7}`: 4,
		`{"pageNum": null, "pageSize": null}`: 20,
	} {
		total, set := s.describe(g, body)
		g.Expect(set).To(HaveLen(want), body)
		g.Expect(total).To(Equal(25), body)
	}
	_, set := s.describe(g, `{"pageNum": 3, "pageSize": 2}`)
	g.Expect([]string{set[0].SnapshotName, set[1].SnapshotName}).To(Equal([]string{"n-4", "n-5"}))
}

func TestCompanionsRefuse(t *testing.T) {
	t.Parallel()
	ahead := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("2006-01-02T15:04:05Z") }
	for name, c := range map[string]struct {
		action, body string
		want         contract.Error
	}{
		"no JSON":                  {create, `{`, contract.WrongValue},
		"a list":                   {create, `[]`, contract.WrongType},
		"no disk":                  {create, `{"snapshotName": "x"}`, contract.MissingParameter},
		"no name":                  {create, `{"diskId": "x", "snapshotName": null}`, contract.MissingParameter},
		"a name of one letter":     {create, `{"diskId": "x", "snapshotName": "x"}`, contract.WrongPattern},
		"a name with a space":      {create, `{"diskId": "x", "snapshotName": "x y"}`, contract.WrongPattern},
		"a long name":              {create, `{"diskId": "x", "snapshotName": "` + strings.Repeat("x", 64) + `"}`, contract.WrongPattern},
		"more than it takes":       {create, `{"diskId": "x", "snapshotName": "xy", "tags": []}`, contract.WrongValue},
		"a number for a disk":      {create, `{"diskId": 1, "snapshotName": "x"}`, contract.WrongType},
		"a list for a name":        {create, `{"diskId": "x", "snapshotName": ["x"]}`, contract.WrongType},
		"a number for a time":      {create, `{"diskId": "x", "snapshotName": "xy", "retentionTime": 1}`, contract.WrongType},
		"a time in words":          {create, `{"diskId": "x", "snapshotName": "xy", "retentionTime": "soon"}`, contract.WrongDate},
		"a time elsewhere":         {create, `{"diskId": "x", "snapshotName": "xy", "retentionTime": "2035-01-31T12:00:00+08:00"}`, contract.WrongDate},
		"a day that is none":       {create, `{"diskId": "x", "snapshotName": "xy", "retentionTime": "2035-02-30T12:00:00Z"}`, contract.WrongDate},
		"a time too soon":          {create, fmt.Sprintf(`{"diskId": "x", "snapshotName": "xy", "retentionTime": %q}`, ahead(23*time.Hour)), contract.WrongValue},
		"a text for ids":           {describe, `{"snapshotIds": "x"}`, contract.WrongType},
		"a number among ids":       {describe, `{"snapshotIds": ["x", 1]}`, contract.WrongType},
		"a number among disks":     {describe, `{"diskIds": [1]}`, contract.WrongType},
		"too many ids":             {describe, `{"snapshotIds": [""` + strings.Repeat(`, ""`, contract.MaxBatch) + `]}`, contract.TooMany},
		"a number for a name, too": {describe, `{"snapshotName": 1}`, contract.WrongType},
		"a number for a status":    {describe, `{"status": 1}`, contract.WrongType},
		"a page in words":          {describe, `{"pageNum": "1"}`, contract.WrongType},
		"no page":                  {describe, `{"pageNum": 0}`, contract.BelowMinimum},
		"half a page":              {describe, `{"pageSize": 1.5}`, contract.WrongType},
		"a large page":             {describe, `{"pageSize": 1001}`, contract.AboveMaximum},
		"a page like a fraction":   {describe, `{"pageNum": 1.0}`, contract.WrongValue},
		"a page far too far":       {describe, `{"pageNum": 1e30}`, contract.AboveMaximum},
		"a filter that it has not": {describe, `{"tagKeys": ["x"]}`, contract.WrongValue},
		"a status that is none":    {describe, `{"status": "NORMAL"}`, contract.WrongValue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			expectRefusal(g, s.act(c.action, c.body), c.want)
			total, _ := s.describe(g, `{}`)
			g.Expect(total).To(BeZero())
		})
	}
	t.Run("another content type", func(t *testing.T) {
		t.Parallel()
		g, s := NewWithT(t), serve(t)
		request := s.call(`{}`)
		request.Header.Set(contract.HeaderAction, describe)
		request.Header.Set("Content-Type", "text/plain")
		expectError(g, s.send(request), http.StatusUnsupportedMediaType, contract.WrongValue.Code)
	})
	t.Run("in another case", func(t *testing.T) {
		t.Parallel()
		g, s := NewWithT(t), serve(t)
		expectRefusal(g, s.act(strings.ToLower(describe), `{}`), contract.UnknownAction)
	})
}

func TestDelays(t *testing.T) {
	t.Parallel()
	const never, soon = time.Hour, 20 * time.Millisecond
	status := func(g Gomega, s service) string {
		_, set := s.describe(g, `{}`)
		if len(set) == 0 {
			return "gone"
		}
		return set[0].Status
	}
	t.Run("long ones", func(t *testing.T) {
		t.Parallel()
		g, s := NewWithT(t), serve(t, mock.WithDelays(never, never))
		id := s.make(g, "disk-1", "slow")
		g.Expect(status(g, s)).To(Equal(string(api.Creating)))
		expectRefusal(g, s.delete(id), contract.DeniedState)
		s.Put(id, contract.Normal)
		expectSuccess(g, s.delete(id))
		g.Expect(status(g, s)).To(Equal(string(contract.Leaving)))
		expectRefusal(g, s.delete(id), contract.DeniedState)
		s.Release(id)
		g.Expect(status(g, s)).To(Equal("gone"))
	})
	t.Run("short ones", func(t *testing.T) {
		t.Parallel()
		g, s := NewWithT(t), serve(t, mock.WithDelays(soon, soon))
		id := s.make(g, "disk-1", "fast")
		g.Eventually(func() string { return status(g, s) }).WithTimeout(time.Minute).Should(Equal(contract.Normal.Listed()))
		expectSuccess(g, s.delete(id))
		g.Eventually(func() string { return status(g, s) }).WithTimeout(time.Minute).Should(Equal("gone"))
		expectRefusal(g, s.delete(id), contract.NotFound)
	})
	t.Run("of what is released meanwhile", func(t *testing.T) {
		t.Parallel()
		g, s := NewWithT(t), serve(t, mock.WithDelays(soon, 0))
		lost, kept := s.make(g, "disk-1", "lost"), s.make(g, "disk-1", "kept")
		s.Release(lost)
		g.Eventually(func() string { return status(g, s) }).WithTimeout(time.Minute).Should(Equal(contract.Normal.Listed()))
		g.Expect(s.states(lost, kept)).To(Equal([]contract.State{"", contract.Normal}))
	})
}

// TestCreatedWithRetention shows when a snapshot expires.
func TestCreatedWithRetention(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	expires := time.Now().UTC().Add(25 * time.Hour).Format("2006-01-02T15:04:05Z")
	order, err := json.Marshal(map[string]string{"diskId": "disk-1", "snapshotName": "xy", "retentionTime": expires})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.act(create, string(order)).status).To(Equal(http.StatusOK))
	_, set := s.describe(g, `{}`)
	g.Expect(set[0].RetentionTime).To(Equal(expires))
}

// TestCompanionsAnswerAsDocumented holds answers against the document that clients are generated from.
func TestCompanionsAnswerAsDocumented(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	doc, err := companions.GetSpec()
	g.Expect(err).NotTo(HaveOccurred())
	s.Create("ROLLING_BACK", 1)
	for _, c := range []struct{ action, body, schema string }{
		{create, `{"diskId": "disk-1", "snapshotName": "for-ever"}`, "CreateSnapshotResult"},
		{create, `{"diskId": "disk-1", "snapshotName": "for-a-while", "retentionTime": "2999-12-31T23:59:59Z"}`, "CreateSnapshotResult"},
		{describe, `{}`, "DescribeSnapshotsResult"},
		{describe, `{"pageNum": 2}`, "DescribeSnapshotsResult"},
		{create, `{}`, "Failure"},
		{describe, `{"pageNum": 0}`, "Failure"},
	} {
		got := s.act(c.action, c.body)
		g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
		var value any
		g.Expect(json.Unmarshal(got.text, &value)).To(Succeed())
		g.Expect(doc.Components.Schemas[c.schema].Value.VisitJSON(value)).To(Succeed(), "%s %s: %s", c.action, c.body, got.text)
	}
}
