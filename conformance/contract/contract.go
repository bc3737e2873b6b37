// Package contract gives Go code what openapi.yaml says: rules, limits, codes, states and header names.
//
// Everything here is read once from the document that is embedded in generated/spec. Nothing is typed in a second
// time, so that a change of the document reaches the suite, the mock and the reports without another edit.
package contract

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// Level tells what breaking a rule costs.
type Level string

// The levels, in falling order.
const (
	Must   Level = "MUST"   // breaking it makes an implementation not conformant
	Should Level = "SHOULD" // breaking it is a remark, unless the run is strict
	Note   Level = "NOTE"   // nothing can break it: what an implementation does is recorded
)

// Levels are all of them, in falling order.
var Levels = []Level{Must, Should, Note}

// Rule is one promise of the contract.
type Rule struct {
	ID        string   `json:"id"`
	Level     Level    `json:"level"`
	Statement string   `json:"statement"`
	Source    []string `json:"source"` // each names a Source and, where that has sections, the section: "D §1"
}

// Family is the part of the id that the rules about one subject share: "BATCH" for "BATCH-2".
func (r Rule) Family() string { return Family(r.ID) }

// Family gives the family of a rule by its id. An id that has none, which is no rule's, is one of its own.
func Family(id string) string {
	if at := strings.LastIndex(id, "-"); at >= 0 {
		return id[:at]
	}
	return id
}

// CallerRule is what a request owes the contract. Its level is never Note.
type CallerRule struct {
	Rule
	About string `json:"about,omitempty"` // the Ambiguity because of which breaking it may go well; empty where there is none
}

// Backing says for people where the rule comes from, and what breaking it takes luck with.
func (r CallerRule) Backing() string {
	backing := strings.Join(r.Source, ", ")
	if r.About != "" {
		backing += "; else by luck: " + r.About
	}
	return backing
}

// Source is a document that rules come from.
type Source struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Binding Level  `json:"binding"` // the level of what it says
}

// Ambiguity is a point on which the documents disagree or are silent.
type Ambiguity struct {
	ID        string   `json:"id"`
	Question  string   `json:"question"`
	Documents string   `json:"documents"`
	Reading   string   `json:"reading"`
	Reason    string   `json:"reason"`
	Rules     []string `json:"rules"`
}

// Error is an error code and the HTTP status that goes with it.
type Error struct {
	Role       string `json:"role"`
	Code       string `json:"code"`
	Status     int    `json:"status"`
	Documented bool   `json:"documented"` // whether the documents name the status; else it is the mock's choice
	Retry      bool   `json:"retry"`      // whether it is no outcome: wait, and ask again
}

// State is what a snapshot is doing.
type State string

// Documented is the embedded document as kin-openapi reads it. It is shared: do not change it.
var Documented = document.spec

// Rules, rules for callers, sources, ambiguities and error codes, each in the document's order.
var (
	Rules       = document.rules
	CallerRules = document.callerRules
	Sources     = document.sources
	Ambiguities = document.ambiguities
	Errors      = document.errors
)

// The wire.
var (
	Path        = document.path        // appended to an endpoint's base URL
	Host        = document.host        // the vendor's public host
	ContentType = document.contentType // of requests and answers
	Action      = document.action      // the action's name
	Version     = document.version     // the current version of the API
	Versions    = document.versions    // those that are in use
	ServiceName = document.serviceName // what development kits call the service

	SignatureMethod = document.signatureMethod
	SignedHeaders   = document.auth.SignedHeaders                                    // what a signature covers at the least
	MaxClockSkew    = time.Duration(document.auth.MaxClockSkewSeconds) * time.Second // between a request and the service
	AuthCodePrefix  = document.auth.CodePrefix                                       // starts every authentication code
)

// The names of the headers.
var (
	HeaderAction          = document.header("action")
	HeaderVersion         = document.header("version")
	HeaderTimestamp       = document.header("timestamp")
	HeaderSignatureMethod = document.header("signatureMethod")
	HeaderService         = document.header("service")
	HeaderRequestClient   = document.header("requestClient")
	HeaderAuthorization   = document.authorization
)

// The names of the members of requests and answers.
const (
	FieldSnapshotIDs = "snapshotIds"
	FieldRequestID   = "requestId"
	FieldResponse    = "response"
	FieldCode        = "code"
	FieldMessage     = "message"
)

// MaxBatch is how many snapshots one call may name.
var MaxBatch = document.maxBatch

// MaxIDLength is how many characters the longest id has that an implementation may be expected to hand out.
var MaxIDLength = document.maxIDLength

// The errors that Go code asks for by what they mean.
var (
	NotFound         = document.errorFor("notFound")
	DeniedState      = document.errorFor("deniedState")
	MissingParameter = document.errorFor("missingParameter")
	WrongType        = document.errorFor("wrongType")
	WrongValue       = document.errorFor("wrongValue")
	TooMany          = document.errorFor("tooMany")
	TooFew           = document.errorFor("tooFew")
	AboveMaximum     = document.errorFor("aboveMaximum")
	BelowMinimum     = document.errorFor("belowMinimum")
	WrongPattern     = document.errorFor("wrongPattern")
	WrongDate        = document.errorFor("wrongDate")
	UnknownAction    = document.errorFor("unknownAction")
	TooFast          = document.errorFor("tooFast")
	Unavailable      = document.errorFor("unavailable")
	Internal         = document.errorFor("internal")
	NoResource       = document.errorFor("noResource")
)

// The states.
var (
	States  = document.states    // all of them, each under its own name
	Normal  = document.deletable // the only one from which a snapshot is deleted
	Leaving = document.leaving   // while a deletion goes on
)

// RuleByID finds a rule.
func RuleByID(id string) (Rule, bool) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return Rules[i], true
}

// Order compares rules by their ids: those of the contract are in its order, and those of others come behind them, all alike.
func Order(a, b string) int { return cmp.Compare(document.places[a], document.places[b]) }

// Cite gives a Source of a rule as people know it, by the title of the document. One that the contract does not have stays as
// it is.
func Cite(source string) string {
	id, section, _ := strings.Cut(source, " ")
	i := slices.IndexFunc(Sources, func(s Source) bool { return s.ID == id })
	switch {
	case i < 0:
		return source
	case section == "":
		return Sources[i].Title
	}
	return Sources[i].Title + ", " + section
}

// CallerRuleByID finds a rule for callers.
func CallerRuleByID(id string) (CallerRule, bool) {
	i := slices.IndexFunc(CallerRules, func(r CallerRule) bool { return r.ID == id })
	if i < 0 {
		return CallerRule{}, false
	}
	return CallerRules[i], true
}

// ErrorByCode finds the error that a code of the contract stands for.
func ErrorByCode(code string) (Error, bool) {
	i := slices.IndexFunc(Errors, func(e Error) bool { return e.Code == code })
	if i < 0 {
		return Error{}, false
	}
	return Errors[i], true
}

// PutsOff tells whether an answer puts a request off, which is no outcome: it has to be made again. A limiter in front of the
// implementation need not know any code.
func PutsOff(status int, code string) bool {
	return status == TooFast.Status ||
		status >= 400 && (code == TooFast.Code || status == Unavailable.Status && code == Unavailable.Code)
}

// ParseState reads the name of a state, or another name for it, in either case giving the state's own name.
func ParseState(name string) (State, bool) {
	if own, ok := document.aliases[name]; ok {
		return own, true
	}
	return State(name), slices.Contains(States, State(name))
}

// Listed is the name under which the service's own listing shows a state: another one, if the state has one.
func (s State) Listed() string {
	for name, own := range document.aliases {
		if own == s {
			return name
		}
	}
	return string(s)
}

// PlausibleID tells whether an implementation might hand the text out as an id. What is implausible names a missing
// snapshot, or makes an implementation refuse the request as a whole (ambiguity odd-ids).
func PlausibleID(id string) bool {
	return len(id) <= MaxIDLength && document.idLetters.spell(id) ||
		utf8.ValidString(id) && utf8.RuneCountInString(id) <= MaxIDLength && document.idPattern.MatchString(id)
}

// UsualRequestID tells whether a request id has the form of the documents' example, which nothing promises.
func UsualRequestID(id string) bool { return document.usualRequestID.MatchString(id) }

// Production tells whether a host is in production, so that what is deleted there may be a customer's. The name is to be in
// small letters, without port and without a dot at its end.
func Production(host string) bool {
	return host == document.host || slices.ContainsFunc(document.production, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// RequestSchema is the schema of the action's request.
func RequestSchema() *openapi3.Schema { return document.request }

// must keeps the package's variables declarative: the document is part of the build, and a test reads it, so that an
// unreadable one is never shipped.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var document = must(read())
