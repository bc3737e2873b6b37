package conformance

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// kept is how many failures of one rule are kept with their evidence. The others are counted.
const kept = 5

// journal is what a run finds out, rule by rule. It may be used by several goroutines.
type journal struct {
	mu            sync.Mutex
	rules         map[string]*report.Rule
	done, skipped int
	broken        int
	chosen        map[string][]string // words, by silence
	requestIDs    map[string]int      // request ids, or what stands for them, and the exchange that had each
	quotes        allowance           // for what targets said, in the evidence
	redact        *redact.Redactor

	// unanswered are failures that consist in there being no answer. They count when another request has been answered
	// since: until then the implementation may just have gone away, which is no breach of anything.
	unanswered []failure
}

// newJournal begins a journal. What it is given may repeat the secrets, and all that the environment holds, and what it gives
// does not.
func newJournal(secrets []string) *journal {
	j := &journal{
		rules: map[string]*report.Rule{}, chosen: map[string][]string{}, requestIDs: map[string]int{},
		redact: redact.New(secrets...), quotes: allowance{left: mostQuoted, longest: longestQuote},
	}
	j.redact.Secret(reach.ProxySecrets(os.LookupEnv)...)
	for _, held := range signing.Held(os.LookupEnv) {
		j.redact.Secret(held.Secrets()...)
		j.redact.Name(held.Identity()...)
	}
	for _, rule := range contract.Rules {
		j.rules[rule.ID] = &report.Rule{Rule: rule}
	}
	return j
}

// signature matches a signature as an Authorization spells it, whoever made it.
var signature = regexp.MustCompile(`(?i)(signature(?:=|%3D))[^\s"',;&\\]+`)

// redacting gives what takes the secrets out of texts about some exchanges: those of the run, and those that their own
// headers had, signatures among them.
func (j *journal) redacting(exchanges ...*target.Exchange) func(string) string {
	own := redact.New()
	for _, e := range exchanges {
		own.Name(e.Hidden()...)
	}
	return func(text string) string {
		return signature.ReplaceAllString(own.Replace(j.redact.Replace(text)), "${1}"+target.Redacted)
	}
}

// secretTail is how many bytes the end of a cut text has of a secret, at the most, that the redactor does not recognize.
const secretTail = redact.Part - 1

// failure is one time that a rule is broken.
type failure struct {
	rule      string
	check     string
	what      string
	permitted string
	exchanges []*target.Exchange
	picture   *report.Picture // may be nil
}

func (j *journal) fail(f failure) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if last := len(f.exchanges) - 1; last >= 0 && f.exchanges[last].Err != nil {
		j.unanswered = append(j.unanswered, f)
		return
	}
	j.put(f)
}

// answered puts down that the implementation answered a request that was sent at a moment, and so was there then.
func (j *journal) answered(asked time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unanswered = slices.DeleteFunc(j.unanswered, func(f failure) bool {
		counts := f.exchanges[len(f.exchanges)-1].Ended.Before(asked)
		if counts {
			j.put(f)
		}
		return counts
	})
}

// doubts tells whether there are requests without an answer of which it is not known whether they count.
func (j *journal) doubts() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.unanswered) > 0
}

// put writes a failure down. The mutex is held.
func (j *journal) put(f failure) {
	rule := j.rules[f.rule]
	rule.Broken++
	j.broken++
	if !slices.Contains(rule.BrokenBy, f.check) {
		rule.BrokenBy = append(rule.BrokenBy, f.check)
	}
	if rule.Broken > kept {
		return
	}
	redact := j.redacting(f.exchanges...)
	entry := report.Failure{Check: f.check, What: brief(f.what, redact), Permitted: brief(f.permitted, redact)}
	const newest = 8 // exchanges of those that are behind a failure
	for _, e := range f.exchanges[max(0, len(f.exchanges)-newest):] {
		entry.Evidence = append(entry.Evidence, j.evidence(e))
	}
	if f.picture != nil {
		f.picture.Text = redact(f.picture.Text)
		entry.Picture = f.picture
	}
	rule.Failures = append(rule.Failures, entry)
}

// brief gives the start of a text without the secrets in it. It is cut only then, so that none is cut in two and left; what
// is far longer is cut before as well, since somebody else may have had it grow.
func brief(text string, redact func(string) string) string {
	const longest, far = 4000, 64 << 10
	text = redact(text[:min(len(text), far)])
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + " …" // a text of its own: the long one is not kept
	}
	return text
}

func (j *journal) redactAll(texts []string) []string {
	for i := range texts {
		texts[i] = j.redact.Replace(texts[i])
	}
	return texts
}

// choose records, in the contract's own words, what the implementation chose where the contract is silent. A silence or a
// word that the contract does not have is a slip of the pen.
func (j *journal) choose(id, word string) {
	silence, known := contract.SilenceByID(id)
	if !known || !silence.Knows(word) {
		panic(fmt.Sprintf("the contract has no silence %s with the word %s", id, word))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	const most = 32 // words that are told of: an implementation that has more makes them up
	if !slices.Contains(j.chosen[id], word) && len(j.chosen[id]) < most {
		j.chosen[id] = append(j.chosen[id], word)
	}
}

// chooseAnswer records which status and code the implementation chose.
func (j *journal) chooseAnswer(id string, a *answer) {
	if silence, _ := contract.SilenceByID(id); oracle.Refused(a.said) {
		j.choose(id, silence.Answer(a.said.Status, j.redact.Replace(a.said.Code)))
	}
}

// profile gives the choices at every silence of the contract, none where there was no occasion.
func (j *journal) profile() []report.Choice {
	j.mu.Lock()
	defer j.mu.Unlock()
	var choices []report.Choice
	for _, silence := range contract.Silences {
		choices = append(choices, report.Choice{
			Silence: silence.ID, Question: silence.Question, Words: slices.Sorted(slices.Values(j.chosen[silence.ID])),
		})
	}
	return choices
}

// finish records a check that was carried out to its end.
func (j *journal) finish(rules []string, check string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done++
	for _, id := range rules {
		j.rules[id].Checks = append(j.rules[id].Checks, check)
	}
}

// skip records that a check of these rules was not carried out, and why.
func (j *journal) skip(rules []string, reason string) {
	j.mu.Lock()
	j.skipped++
	j.mu.Unlock()
	for _, id := range rules {
		j.omit(id, reason)
	}
}

// omit records why something that would try a rule was left out.
func (j *journal) omit(rule, reason string) {
	reason = j.redact.Replace(reason)
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.rules[rule]; !slices.Contains(r.Skips, reason) {
		r.Skips = append(r.Skips, reason)
	}
}

// firstUse remembers a request id, and tells which exchange had it before, 0 if none.
func (j *journal) firstUse(id string, seq int) (before int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(id) > sha256.Size {
		hash := sha256.Sum256([]byte(id))
		id = string(hash[:]) // which takes no more room than an id ought to
	}
	before = j.requestIDs[id]
	j.requestIDs[id] = seq
	return before
}

// results gives every rule of the contract with its status.
func (j *journal) results(untried string) []report.Rule {
	j.mu.Lock()
	defer j.mu.Unlock()
	results := make([]report.Rule, 0, len(contract.Rules))
	for _, rule := range contract.Rules {
		result := *j.rules[rule.ID]
		result.Settle(untried)
		results = append(results, result)
	}
	return results
}

// evidence is what of an exchange goes into a report.
func (j *journal) evidence(e *target.Exchange) report.Exchange {
	hide := j.redacting(e)
	short := *e
	short.Shorten(j.quotes.take(len(e.Raw()) + target.Length(e.Header())))
	got := report.Got{Status: e.Status(), Header: http.Header{}}
	for name, values := range short.Header() {
		for _, value := range values {
			got.Header[hide(name)] = append(got.Header[hide(name)], hide(value))
		}
	}
	got.Body, got.Cut = hide(string(short.Raw())), short.Cut()
	if got.Cut > 0 && !strings.HasSuffix(got.Body, redact.Mark) {
		// What is left of a secret that the cut goes through, if that is too short to be recognized, and of a character.
		whole := len(got.Body)
		got.Body = strings.ToValidUTF8(got.Body[:max(0, whole-secretTail)], "")
		got.Cut += whole - len(got.Body)
	}
	if e.Err != nil {
		got.Error = hide(e.Err.Error())
	}
	return report.Exchange{
		Seq: e.Seq, At: e.Started, Seconds: max(0, e.Ended.Sub(e.Started).Seconds()), // nobody may know it
		Sent: report.Sent{Method: e.Method, URL: hide(e.URL), Header: e.Sent, Body: hide(string(e.Body))},
		Got:  got,
		Curl: hide(e.Curl()),
	}
}
