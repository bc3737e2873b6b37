package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func written(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func decoded(t *testing.T, text []byte) map[string]any {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return document.(map[string]any)
}

// binary is a report with bodies that no JSON string can carry.
func binary(t *testing.T) *report.Report {
	t.Helper()
	r := broken(t)
	e := &r.Rules[3].Failures[0].Evidence[0]
	e.Sent.Body, e.Got.Body = "\xff\xfe", "{\x80}"
	return r
}

func TestReportsSatisfyTheSchema(t *testing.T) {
	t.Parallel()
	s := fortest.Schema(t, report.Schema)
	for name, r := range map[string]*report.Report{
		"quiet":           quiet(t),
		"broken":          broken(t),
		"binary":          binary(t),
		"empty":           {Verdict: report.CouldNotRun, Reason: "nothing answers"},
		"without words":   {Verdict: report.Conformant, Profile: []report.Choice{{Silence: "rivals", Question: "Who?"}}},
		"lost on a walk":  {Verdict: report.CouldNotRun, Reason: "it has gone", Walk: &report.Walk{}},
		"without headers": {Verdict: report.NotConformant, Rules: []report.Rule{bare(t)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := s.Validate(decoded(t, written(t, r))); err != nil {
				t.Errorf("%#v", err)
			}
		})
	}
}

// bare is a failed rule about which as little is known as may be.
func bare(t *testing.T) report.Rule {
	t.Helper()
	r := rule(t, "REQ-1", report.Failed)
	r.Source, r.Broken, r.Failures = nil, 1, []report.Failure{{Evidence: []report.Exchange{{Seq: 1}}}}
	return r
}

func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := fortest.Schema(t, report.Schema)
	type object = map[string]any
	at := func(document object, path ...any) object {
		var value any = document
		for _, step := range path {
			switch step := step.(type) {
			case string:
				value = value.(object)[step]
			case int:
				value = value.([]any)[step]
			}
		}
		return value.(object)
	}
	failed := func(d object) object { return at(d, "rules", 3) }
	exchange := func(d object) object { return at(d, "rules", 3, "failures", 0, "evidence", 0) }
	for name, spoil := range map[string]func(object){
		"an unknown verdict":               func(d object) { d["verdict"] = "fine" },
		"no verdict":                       func(d object) { delete(d, "verdict") },
		"no reason for a run that failed":  func(d object) { d["verdict"] = "could not run"; delete(d, "reason") },
		"rules that are null":              func(d object) { d["rules"] = nil },
		"a seed that is text":              func(d object) { d["seed"] = "42" },
		"negative seconds":                 func(d object) { d["seconds"] = -1 },
		"half an exchange":                 func(d object) { d["exchanges"] = 0.5 },
		"a time that is none":              func(d object) { d["started"] = "yesterday" },
		"no total":                         func(d object) { delete(at(d, "checks"), "total") },
		"an unknown level":                 func(d object) { failed(d)["level"] = "MAY" },
		"an unknown status":                func(d object) { failed(d)["status"] = "ok" },
		"a rule without a status":          func(d object) { delete(failed(d), "status") },
		"an id that is no rule's":          func(d object) { failed(d)["id"] = "batch" },
		"a failed rule without failures":   func(d object) { delete(failed(d), "failures") },
		"a failed rule with none":          func(d object) { failed(d)["failures"] = []any{} },
		"failures of a rule that passed":   func(d object) { failed(d)["status"] = "passed" },
		"a NOTE that failed":               func(d object) { failed(d)["level"] = "NOTE" },
		"a MUST that is noted":             func(d object) { at(d, "rules", 0)["status"] = "noted" },
		"an exchange without its curl":     func(d object) { delete(exchange(d), "curl") },
		"a header with one text as values": func(d object) { at(exchange(d), "sent", "header")["A"] = "b" },
		"a profile that is null":           func(d object) { d["profile"] = nil },
		"no profile":                       func(d object) { delete(d, "profile") },
		"a choice without its words":       func(d object) { delete(at(d, "profile", 0), "words") },
		"the same word twice":              func(d object) { at(d, "profile", 0)["words"] = []any{"refused", "refused"} },
		"a walk without its story":         func(d object) { delete(at(d, "walk"), "story") },
		"a walk without its steps":         func(d object) { delete(at(d, "walk"), "steps") },
		"broken by nothing":                func(d object) { failed(d)["brokenBy"] = []any{} },
		"broken by one check twice":        func(d object) { failed(d)["brokenBy"] = []any{"a", "a"} },
		"a rule that passed and is broken": func(d object) { at(d, "rules", 0)["brokenBy"] = []any{"a"} },
		"a picture that leaves its folder": func(d object) { at(d, "rules", 4, "failures", 0, "picture")["name"] = "../race-9.html" },
		"a picture of nothing":             func(d object) { delete(at(d, "rules", 4, "failures", 0, "picture"), "text") },
		"a format of the future":           func(d object) { d["format"] = report.Format + 1 },
		"a check with an unknown outcome":  func(d object) { at(d, "trials", 0)["status"] = "noted" },
		"latency without its median":       func(d object) { delete(at(d, "latency", 0), "p50") },
		"an unknown outcome":               func(d object) { at(d, "outcomes", 0)["outcome"] = "fine" },
		"a mark before the run":            func(d object) { at(d, "timeline", "marks", 0)["at"] = -1 },
		"a time line of nothing":           func(d object) { at(d, "timeline")["every"] = 0 },
		"a known failure of nothing":       func(d object) { delete(at(d, "baseline", "entries", 0), "rule") },
		"an expiry that is no date":        func(d object) { at(d, "baseline", "entries", 0)["expires"] = "soon" },
		"a rule that passed and is known":  func(d object) { at(d, "rules", 0)["known"] = "a reason" },
		"raw bytes that are not base64":    func(d object) { at(exchange(d), "got")["raw"] = "!" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := decoded(t, written(t, broken(t)))
			spoil(document)
			if s.Validate(document) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

func TestTheSchemaKnowsEveryMember(t *testing.T) {
	t.Parallel()
	s, text := fortest.Schema(t, report.Schema), written(t, binary(t))
	objects := len(places(decoded(t, text)))
	for i := range objects {
		document := decoded(t, text)
		object := places(document)[i]
		object["surprise"] = "!"
		if s.Validate(document) == nil {
			t.Errorf("the schema takes an unknown member beside %q", slices.Sorted(maps.Keys(object)))
		}
	}
}

// places gives all objects of a document, always in the same order.
func places(value any) (objects []map[string]any) {
	switch value := value.(type) {
	case map[string]any:
		objects = append(objects, value)
		for _, name := range slices.Sorted(maps.Keys(value)) {
			objects = append(objects, places(value[name])...)
		}
	case []any:
		for _, element := range value {
			objects = append(objects, places(element)...)
		}
	}
	return objects
}

func TestTheSchemaHasTheWordsOfTheCode(t *testing.T) {
	t.Parallel()
	var document struct {
		Properties struct {
			Format  struct{ Maximum int }
			Verdict struct{ Enum []report.Verdict }
		}
		Defs struct {
			Rule struct {
				Properties struct {
					Level  struct{ Enum []contract.Level }
					Status struct{ Enum []report.Status }
				}
			}
			Outcome struct{ Enum []report.Outcome }
			Known   struct {
				Properties struct {
					Standing struct{ Enum []report.Standing }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(report.Schema, &document); err != nil {
		t.Fatal(err)
	}
	same(t, document.Properties.Verdict.Enum, []report.Verdict{report.Conformant, report.Remarks, report.NotConformant, report.CouldNotRun})
	same(t, document.Properties.Format.Maximum, report.Format)
	same(t, document.Defs.Outcome.Enum, report.AllOutcomes)
	same(t, document.Defs.Known.Properties.Standing.Enum, []report.Standing{report.StandsFailing, report.StandsPassing, report.StandsExpired, report.StandsNotTried})
	same(t, document.Defs.Rule.Properties.Level.Enum, []contract.Level{contract.Must, contract.Should, contract.Note})
	same(t, document.Defs.Rule.Properties.Status.Enum, []report.Status{report.Passed, report.Failed, report.Skipped, report.Noted})
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the schema has %v, and the code %v", got, want)
	}
}

func TestJSONCanBeReadBack(t *testing.T) {
	t.Parallel()
	text := written(t, binary(t))
	var back report.Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	e := back.Rules[3].Failures[0].Evidence[0]
	if string(e.Sent.Raw) != "\xff\xfe" || string(e.Got.Raw) != "{\x80}" || e.Got.Body != "{\ufffd}" {
		t.Errorf("the bytes are lost: %q %q %q", e.Sent.Raw, e.Got.Raw, e.Got.Body)
	}
	if again := written(t, &back); !bytes.Equal(again, text) {
		t.Errorf("written again it differs: %s", again)
	}
}

func TestJSONIsStableAndReadable(t *testing.T) {
	t.Parallel()
	r := binary(t)
	first := written(t, r)
	if !bytes.Equal(first, written(t, r)) {
		t.Error("two writings differ")
	}
	if !strings.Contains(string(first), "a<b>") || !strings.Contains(string(first), "\n  \"verdict\": ") {
		t.Errorf("not readable:\n%s", first)
	}
	if e := r.Rules[3].Failures[0].Evidence[0]; e.Sent.Raw != nil || len(e.Sent.Header) != 2 {
		t.Error("writing has changed the report")
	}
}

// TestJSONIsSafeToShow: people look at reports with cat, also in the log of a CI job.
func TestJSONIsSafeToShow(t *testing.T) {
	t.Parallel()
	r := broken(t)
	const hostile = "##vso[x]\u202e\u009b2J\x7f\U000e0041 ###[y]</script>"
	r.Rules[3].Failures[0].Evidence[0].Got.Body = hostile
	var text strings.Builder
	if err := r.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	refuse(t, text.String(), "##", "\u202e", "\u009b", "\x7f", "\U000e0041")
	var back report.Report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Rules[3].Failures[0].Evidence[0].Got.Body; got != hostile {
		t.Errorf("%q was read back as %q", hostile, got)
	}
}
