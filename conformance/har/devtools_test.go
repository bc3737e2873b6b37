package har_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/browser"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// imported is what the developer tools make of an exchange.
type imported struct {
	URL, Method, Sent, Got string
	Status                 int
	Seconds                float64
}

// open has the developer tools read a recording.
func open(t *testing.T, tools *browser.Tab, recording []byte) []imported {
	t.Helper()
	text, err := json.Marshal(string(recording))
	if err != nil {
		t.Fatal(err)
	}
	return browser.Eval[[]imported](tools, fmt.Sprintf(`(async () => {
		const {HARFormat, Importer} = await import('/devtools/models/har/har.js');
		const requests = Importer.Importer.requestsFromHARLog(new HARFormat.HARRoot(JSON.parse(%s)).log);
		return await Promise.all(requests.map(async request => ({
			URL: request.url(), Method: request.requestMethod, Status: request.statusCode, Seconds: request.duration,
			Sent: (await request.requestFormData()) ?? '',
			Got: await request.requestContentData().then(content => content.isTextContent ? content.text : atob(content.base64)),
		})));
	})()`, text))
}

func TestTheDeveloperToolsOpenRecordings(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	tools := browser.DeveloperTools(t)

	bodies := []string{`{"a":"b"}`, "<ü & 漢>\u2028", "line\r\n\ttab", "\x00\x1b[2J", "\ufffd", ""}
	var file bytes.Buffer
	w := har.NewWriter(&file, "a recorder")
	for _, body := range bodies {
		w.Write(entry([]byte(body), []byte(body)))
	}
	g.Expect(w.Close()).To(Succeed())
	all := open(t, tools, file.Bytes())
	g.Expect(all).To(HaveLen(len(bodies)))
	for i, body := range bodies {
		g.Expect(all[i]).To(And(HaveField("URL", "http://h/p"), HaveField("Method", "POST"), HaveField("Status", 200)))
		g.Expect(all[i].Got).To(Equal(body))
		g.Expect(all[i].Seconds).To(BeNumerically("~", 0.0015, 1e-6))
	}
	g.Expect(all[0].Sent).To(Equal(bodies[0]))

	file.Reset()
	g.Expect(evidence().WriteHAR(&file)).To(Succeed())
	all = open(t, tools, file.Bytes())
	g.Expect(all).To(HaveLen(2))
	g.Expect(all[0]).To(Equal(imported{
		URL: "http://h/api/v2/zec", Method: "POST", Sent: `{"snapshotIds":["a"]}`, Got: `{"code":"X"}`, Status: 404, Seconds: all[0].Seconds,
	}))
	g.Expect(all[1].Status).To(BeZero())
}

// evidence is a report with an exchange that was answered, and one that was not.
func evidence() *report.Report {
	exchange := func(seq int, got report.Got) report.Exchange {
		return report.Exchange{
			Seq: seq, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 0.25, Got: got,
			Sent: report.Sent{Method: "POST", URL: "http://h/api/v2/zec", Header: map[string][]string{"Content-Type": {"application/json"}}, Body: `{"snapshotIds":["a"]}`},
		}
	}
	return &report.Report{Rules: []report.Rule{{Failures: []report.Failure{{Check: "a check", Evidence: []report.Exchange{
		exchange(1, report.Got{Status: 404, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: `{"code":"X"}`}),
		exchange(2, report.Got{Error: "connection reset"}),
	}}}}}}
}
