package report_test

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// formed writes a report in a form.
func formed(t *testing.T, r *report.Report, kind string) string {
	t.Helper()
	form, known := report.FormByKind(report.Forms, kind)
	if !known {
		t.Fatalf("there is no form %q", kind)
	}
	var out strings.Builder
	if err := form.Write(r, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// spoiled is a report that has the text in place of every other that somebody else may have had a hand in.
func spoiled(t *testing.T, text string) *report.Report {
	t.Helper()
	r := broken(t)
	spoil(reflect.ValueOf(r).Elem(), text)
	return r
}

func spoil(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch field := v.Type().Field(i); {
			case !field.IsExported(), field.Name == "ID": // ids are of a form that Read sees to
			case field.Name == "URL":
				v.Field(i).SetString("http://h/?" + url.QueryEscape(text))
			default:
				spoil(v.Field(i), text)
			}
		}
	case reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len()) // the contract shares some with every rule
		reflect.Copy(own, v)
		v.Set(own)
		for i := range v.Len() {
			spoil(v.Index(i), text)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(text), reflect.ValueOf([]string{text}))
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // others are one of a few words
			v.SetString(text)
		}
	}
}

// results are reports of every exit status, with what becomes of it.
func results(t *testing.T) map[string]*report.Report {
	t.Helper()
	made := map[string]*report.Report{"quiet": quiet(t), "broken, cut short": broken(t), "nothing": {Verdict: report.CouldNotRun, Reason: "no answer"}}
	add := func(name string, change func(*report.Report)) {
		r := broken(t)
		r.Reason, r.Log = "", nil
		change(r)
		made[name] = r
	}
	rule := func(r *report.Report, id string) *report.Rule {
		for i := range r.Rules {
			if r.Rules[i].ID == id {
				return &r.Rules[i]
			}
		}
		t.Fatalf("there is no rule %s", id)
		return nil
	}
	add("broken", func(*report.Report) {})
	add("strict", func(r *report.Report) { r.Strict = true; rule(r, "REQ-6").Known = "" })
	add("remarks", func(r *report.Report) {
		r.Verdict = report.Remarks
		rule(r, "BATCH-2").Status = report.Passed
		rule(r, "REQ-6").Known = ""
	})
	add("as known", func(r *report.Report) { rule(r, "BATCH-2").Known = "it is mended in May" })
	add("hopeless", func(r *report.Report) { r.Verdict, r.Reason = report.CouldNotRun, "the testbed lies" })
	add("a verdict that nothing bears out", func(r *report.Report) { rule(r, "BATCH-2").Status = report.Passed })
	add("a verdict that the rules gainsay", func(r *report.Report) { r.Verdict = report.Conformant })
	return made
}

// huge is a report of a run on a target that broke every rule as loudly as it could.
func huge(t *testing.T) *report.Report {
	t.Helper()
	r := broken(t)
	r.Rules, r.Reason = nil, ""
	what, body := strings.Repeat("`|<b>@all #1\n", 10_000), strings.Repeat("`x", 100_000)
	for _, rule := range contract.Rules {
		own := report.Rule{Rule: rule, Status: report.Failed, Broken: 1000}
		for i := range 5 {
			f := failure(i)
			f.What, f.Permitted = what, what
			for range 4 {
				f.Evidence = append(f.Evidence, f.Evidence[0])
			}
			for j := range f.Evidence {
				f.Evidence[j].Got.Body = body
			}
			own.Failures = append(own.Failures, f)
		}
		r.Rules = append(r.Rules, own)
	}
	return r
}

func TestEveryFormIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, form := range report.Forms {
		r := broken(t)
		before := string(written(t, r))
		g.Expect(formed(t, r, form.Kind)).To(Equal(formed(t, broken(t), form.Kind)), form.Kind)
		g.Expect(string(written(t, r))).To(Equal(before), "%s has changed the report", form.Kind)
	}
}

func TestEveryFormCanBeMadeOfAnyResult(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for name, r := range results(t) {
		for _, form := range report.Forms {
			g.Expect(formed(t, r, form.Kind)).NotTo(BeEmpty(), "%s of %s", form.Kind, name)
		}
	}
	for _, form := range report.Forms {
		g.Expect(formed(t, &report.Report{}, form.Kind)).NotTo(BeEmpty(), form.Kind)
	}
}

// TestEveryFormTellsWhatWentWrong where it is written to.
func TestEveryFormTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	for _, form := range report.Forms {
		if err := form.Write(broken(t), failing{}); err == nil {
			t.Errorf("%s is written where nothing can be", form.Kind)
		}
	}
}

// TestTimesThatNobodyHasAreBounded: a report that was kept may come from anywhere.
func TestTimesThatNobodyHasAreBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := broken(t)
	for i := range r.Trials {
		r.Trials[i].Seconds = 1e308
	}
	r.Trials[0].Sample.Seconds = 1e308
	g.Expect(formed(t, r, "junit")).To(ContainSubstring(` time="86400.000"`))
	g.Expect(formed(t, r, "har")).To(ContainSubstring(`"time":86400000,`))
}

// failing is where nothing can be written.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
