package desk

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// How much of either the page lists: however many there are, it stays one that can be read.
const (
	snapshotsShown = 10
	exchangesShown = 50
	callShown      = 60 // bytes of the name of an action
)

//go:embed *.html
var sources embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"grouped": grouped,
	"pieces":  func(text string) []string { return strings.SplitAfter(text, "_") }, // between which a line may be broken
}).ParseFS(sources, "*.html"))

// grouped writes a number so that a million can be told from ten.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// page is what the page shows.
type page struct {
	Notice   *notice
	States   []stateRow
	Total    int
	Trouble  string // why the store can tell nothing
	Newest   []snapshotRow
	Most     int           // how many snapshots one order makes
	Wanted   string        // id that was looked for; empty: none was
	Found    *snapshotRow  // the one that it names, if there is one
	Rows     []exchangeRow // the last first
	Heard    int           // exchanges in all
	Kept     int           // of them on record
	Remarked int           // rows with remarks
	Only     bool          // whether only those are shown
	Here     string        // the page's address, as it is asked for again
	All      string        // likewise, with the exchanges without remarks, too
	Remarks  string        // likewise, without them
	Make     string        // where the form goes that makes snapshots
	// Elsewhere is the page's address without the snapshot that was looked for.
	Elsewhere string
}

// notice tells what became of a form.
type notice struct {
	Text string
	Bad  bool
}

type stateRow struct {
	State contract.State
	Count int
}

// snapshotRow is a snapshot, safe to show.
type snapshotRow struct {
	Key          string // its id, escaped as for a query
	ID, Name     string
	Gone         bool
	State        contract.State
	Created, Due moment
	Next         *step            // what time would make of it
	Others       []contract.State // that it may be given
	Look, Change string           // addresses: to look at it alone, and where its forms go
}

// step is a state that a snapshot may be brought to, or its end.
type step struct{ To, Label string }

type exchangeRow struct {
	told
	When    moment
	IDs     int
	Call    string
	Meaning string
	Class   string // of the answer: "2xx"
}

// moment is a time as the page shows it.
type moment struct{ time.Time }

// Exact is for machines.
func (m moment) Exact() string { return m.UTC().Format(time.RFC3339Nano) }

// Clock is for people who know the day.
func (m moment) Clock() string { return m.UTC().Format("15:04:05.000") }

// Calendar is for people who may not.
func (m moment) Calendar() string { return m.UTC().Format("2006-01-02 15:04:05") }

// showPage answers with the page, unless whoever asks has it as it is.
func (d *Desk) showPage(w http.ResponseWriter, r *http.Request, s *mock.Service) {
	d.answer(w, r, s, http.StatusOK, said(r.URL.Query(), d.config.Hide))
}

func (d *Desk) answer(w http.ResponseWriter, r *http.Request, s *mock.Service, status int, about *notice) {
	p := d.look(r, s)
	p.Notice = about
	var text bytes.Buffer
	if err := pages.ExecuteTemplate(&text, "page.html", p); err != nil {
		mock.Fail(w, mock.Refusal(contract.Internal, "The page cannot be shown."))
		return
	}
	sum := sha256.Sum256(text.Bytes())
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", tag)
	if status == http.StatusOK && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // who has gone need not be told
}

// look gathers what the page shows. However many snapshots there are, it looks at few.
func (d *Desk) look(r *http.Request, s *mock.Service) *page {
	query := r.URL.Query()
	p := &page{Wanted: query.Get("snapshot"), Only: query.Get("only") == "remarks", Most: mock.MaxCount}
	kept := url.Values{}
	if p.Wanted != "" {
		kept.Set("snapshot", p.Wanted)
	}
	p.Elsewhere = PagePath
	if p.Only {
		p.Elsewhere = at(PagePath, url.Values{}, "only", "remarks")
	}
	p.All, p.Remarks = at(PagePath, kept, "", ""), at(PagePath, kept, "only", "remarks")
	if p.Only {
		kept.Set("only", "remarks")
	}
	p.Here, p.Make = at(PagePath, kept, "", ""), at(snapshotsPath, kept, "", "")
	counts, err := s.Store().Counts()
	if err == nil {
		var newest []store.Snapshot
		if newest, err = s.Store().Newest(snapshotsShown); err == nil {
			for _, one := range newest {
				p.Newest = append(p.Newest, d.row(one, kept))
			}
		}
	}
	if err == nil && p.Wanted != "" {
		var one store.Snapshot
		var there bool
		one, there, err = s.Store().Get(p.Wanted)
		if !there {
			one.ID = p.Wanted
		}
		found := d.row(one, kept)
		found.Gone = !there
		p.Found = &found
	}
	if err != nil {
		p.Trouble = printable(err.Error())
	}
	for _, state := range listed(counts) {
		p.States = append(p.States, stateRow{state, counts[state]})
		p.Total += counts[state]
	}
	all := s.Exchanges()
	p.Heard, p.Kept = total(all), len(all)
	for _, x := range slices.Backward(all) {
		if len(p.Rows) == exchangesShown {
			break
		}
		if p.Only && len(x.Breaches) == 0 {
			continue
		}
		one := d.exchange(x)
		if p.Rows = append(p.Rows, one); len(one.Remarks) > 0 {
			p.Remarked++
		}
	}
	return p
}

// at is an address with something more in its query, if it has a name.
func at(path string, kept url.Values, name, value string) string {
	query := maps.Clone(kept)
	if name != "" {
		query.Set(name, value)
	}
	return (&url.URL{Path: path, RawQuery: query.Encode()}).String()
}

// listed gives the contract's states, and after them those that a store has besides.
func listed(counts map[contract.State]int) []contract.State {
	states := slices.Clone(contract.States)
	for _, state := range slices.Sorted(maps.Keys(counts)) {
		if !slices.Contains(states, state) {
			states = append(states, state)
		}
	}
	return states
}

func (d *Desk) row(one store.Snapshot, kept url.Values) snapshotRow {
	word := hider(d.config.Hide).word
	row := snapshotRow{
		Key: url.QueryEscape(one.ID), ID: printable(word(one.ID)), Name: printable(word(one.Name)), State: one.State,
		Created: moment{one.Created}, Due: moment{one.Due},
		Look: at(PagePath, kept, "snapshot", one.ID), Change: at(changePath, kept, "id", one.ID),
	}
	if to, passes := next(one.State); passes {
		row.Next = &step{string(to), "Age to " + string(to)}
		if to == gone {
			row.Next.Label = "Age until gone"
		}
	}
	for _, state := range contract.States {
		if state != one.State {
			row.Others = append(row.Others, state)
		}
	}
	return row
}

func (d *Desk) exchange(x *mock.Exchange) exchangeRow {
	t := d.tell(x)
	row := exchangeRow{
		When: moment{t.At}, IDs: len(x.SnapshotIDs()), Call: printable(cut(t.call(), callShown)), Meaning: printable(t.meaning()),
		Class: fmt.Sprintf("c%d", t.Status/100),
	}
	t.Remote, t.Method, t.Path = printable(t.Remote), printable(t.Method), printable(t.Path)
	t.RequestID, t.Fault = printable(t.RequestID), printable(t.Fault)
	for i, one := range t.Remarks {
		t.Remarks[i].What = printable(one.What)
	}
	row.told = t
	return row
}

// Duration is how long the answer took, in the unit that suits it.
func (x exchangeRow) Duration() string {
	switch {
	case x.Seconds < .001:
		return fmt.Sprintf("%.0f µs", 1e6*x.Seconds)
	case x.Seconds < 1:
		return fmt.Sprintf("%.1f ms", 1e3*x.Seconds)
	default:
		return fmt.Sprintf("%.2f s", x.Seconds)
	}
}

// wholeExchange is an exchange with all that is on record of it.
type wholeExchange struct {
	exchangeRow
	Fields         []field
	Request        string
	Answer         string
	CutAt          int // bytes of a body that are kept; 0: both are whole
	Earlier, Later int // the exchanges beside it that are on record; 0: none
}

type field struct{ Name, Value string }

func (d *Desk) showExchange(w http.ResponseWriter, s *mock.Service, number int) {
	all := s.Exchanges()
	place, there := find(all, number)
	if !there {
		mock.Fail(w, mock.Refusal(contract.NoResource, "There is no exchange of this number on record."))
		return
	}
	x, t := all[place], d.tellAll(all[place])
	shown := wholeExchange{exchangeRow: d.exchange(x), Request: laidOut(t.Request), Answer: laidOut(t.Answer)}
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		for _, value := range t.Header[name] {
			shown.Fields = append(shown.Fields, field{printable(cut(name, longest)), printable(cut(value, mock.MaxKept))})
		}
	}
	if max(len(x.Request), len(x.Answer)) == mock.MaxKept {
		shown.CutAt = mock.MaxKept
	}
	if place > 0 {
		shown.Earlier = all[place-1].Number
	}
	if place+1 < len(all) {
		shown.Later = all[place+1].Number
	}
	var text bytes.Buffer
	if err := pages.ExecuteTemplate(&text, "exchange.html", shown); err != nil {
		mock.Fail(w, mock.Refusal(contract.Internal, "The exchange cannot be shown."))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // who has gone need not be told
}

// said tells, from the address that a form leads to, what became of it.
func said(query url.Values, hide func(string) string) *notice {
	id := printable(cut(hide(cut(query.Get("id"), longest)), longest))
	state, known := contract.ParseState(query.Get("state"))
	count := query.Get("count")
	switch did := query.Get("did"); {
	case did == "made" && known && strings.Trim(count, "0123456789") == "" && len(count) < 9:
		noun := "snapshots"
		if count == "1" {
			noun = "snapshot"
		}
		return &notice{Text: fmt.Sprintf("Made %s %s in %s.", count, noun, state)}
	case did == "put" && known:
		return &notice{Text: fmt.Sprintf("%s is %s now.", id, state)}
	case did == "released":
		return &notice{Text: id + " is gone."}
	}
	return nil
}
