// Package door tells who is let in to the mock: anybody, who signs with a key that it knows, or who has a token that it
// knows. What is refused at the door has changed nothing, and nobody has looked at the rest of it.
// [Option] puts a door before a mock.
package door

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// Policy is how one proves who one is.
type Policy string

// The policies.
const (
	None   Policy = "none"   // not at all
	ZC2    Policy = "zc2"    // by a signature, version 2
	Bearer Policy = "bearer" // by a token
)

// Policies are all of them.
var Policies = []Policy{ZC2, Bearer, None}

// Key is what lets somebody in, under the policy that it is for: a key pair under ZC2, and a token under Bearer.
type Key struct {
	signing.Credentials

	// Actions are those that it may call, by their names: all where it is nil, and none where it is empty.
	Actions []string
}

// Config is how a door is to be.
type Config struct {
	Policy Policy
	Keys   []Key
	Clock  func() time.Time // what the times of signatures are held against; nil for the machine's own
}

// Option puts a door before a mock, as in mock.New(t, door.Option(door.Config{…})). It panics where New has an error.
func Option(config Config) mock.Option {
	d, err := New(config)
	if err != nil {
		panic("door: " + err.Error())
	}
	return d.Option()
}

// Door lets in some and refuses others. It may be used by several goroutines.
type Door struct {
	open    bool // to everybody
	keys    []Key
	known   *signing.Keys
	secrets []string // of all keys, those of another policy as well
	clock   func() time.Time
}

// New makes a door. It is an error if a key cannot be used, if two cannot be told apart, or if there is none for the
// policy. The error has no secret in it.
func New(config Config) (*Door, error) {
	d := &Door{open: config.Policy == None, clock: config.Clock}
	if d.clock == nil {
		d.clock = time.Now
	}
	if !slices.Contains(Policies, config.Policy) {
		return nil, fmt.Errorf("there is no policy %q", config.Policy)
	}
	if i, err := unusable(config.Keys); err != nil {
		return nil, fmt.Errorf("key %d %w", i+1, err)
	}
	var credentials []signing.Credentials
	for _, key := range config.Keys {
		d.secrets = append(d.secrets, key.Secrets()...)
		if key.policy() == config.Policy {
			d.keys = append(d.keys, key)
			credentials = append(credentials, key.Credentials)
		}
	}
	d.known = signing.NewKeys(credentials...)
	if !d.open && len(d.keys) == 0 {
		needed := "a key with its password"
		if config.Policy == Bearer {
			needed = "a token"
		}
		return nil, fmt.Errorf("the policy %s lets nobody in without %s", config.Policy, needed)
	}
	return d, nil
}

// policy is the one that the key is for.
func (k Key) policy() Policy {
	if k.Token != "" {
		return Bearer
	}
	return ZC2
}

// unusable finds the first of some keys that cannot be used, and says why, in words that go on after its name.
func unusable(keys []Key) (int, error) {
	before := map[string]bool{}
	for i, key := range keys {
		if err := key.check(); err != nil {
			return i, err
		}
		name := key.KeyID + "\n" + key.Token // neither has a line end
		if before[name] {
			return i, errors.New("is there twice")
		}
		before[name] = true
	}
	return 0, nil
}

func (k Key) check() error {
	switch {
	case k.Token != "" && (k.KeyID != "" || k.Secret != ""):
		return errors.New("has both a token and an id or a password")
	case k.Token == "" && k.KeyID == "" && k.Secret == "":
		return errors.New("has neither an id and a password nor a token")
	case k.Token == "" && k.Secret == "":
		return errors.New("has no password")
	case k.Token == "" && k.KeyID == "":
		return errors.New("has no id")
	case !utf8.ValidString(k.Secret) || strings.ContainsFunc(k.Secret, unicode.IsControl):
		return errors.New("has a password with a line end or another control character in it")
	case strings.ContainsFunc(k.KeyID, unfit), strings.ContainsFunc(k.Token, unfit):
		return errors.New("has an id or a token that cannot be sent: it may have printable ASCII in it, but no space and no comma")
	}
	return nil
}

// unfit tells what cannot stand in an Authorization header, or would be taken for the end of a part of it.
func unfit(r rune) bool { return r <= ' ' || r > '~' || r == ',' }

// Option puts the door before a mock.
func (d *Door) Option() mock.Option {
	return mock.Together(mock.WithSecrets(d.secrets...), mock.WithAround(d.before))
}

// before stands before the API.
func (d *Door) before(_ *mock.Service, next http.Handler) http.Handler {
	if d.open {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := d.admit(w, r); err != nil {
			mock.Fail(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit gives the answer to a request that is not let in.
func (d *Door) admit(w http.ResponseWriter, r *http.Request) error {
	body, unread := mock.Body(w, r)
	place, err := d.known.Verify(r, body, d.clock())
	var refused signing.Refusal
	switch {
	case errors.As(err, &refused) && refused.Code == api.CodeAuthSignatureFailure && unread != nil:
		return unread // no signature could fit what did not come to its end
	case errors.As(err, &refused):
		return refusal(refused)
	}
	for _, action := range r.Header.Values(contract.HeaderAction) {
		if own := d.keys[place].Actions; own != nil && !slices.Contains(own, action) {
			return mock.Refusal(contract.UnknownAction, fmt.Sprintf("The key has no right to the action %.80q.", action))
		}
	}
	return nil
}

// maxShown is how many bytes of a canonical request are shown. An ordinary one has some 200.
const maxShown = 4 << 10

func refusal(refused signing.Refusal) error {
	kind, _ := contract.ErrorByCode(string(refused.Code)) // one of the contract's
	why := refused.Error()
	message := strings.ToUpper(why[:1]) + why[1:] + "."
	switch form := refused.Canonical; {
	case len(form) > maxShown:
		message += fmt.Sprintf(" The canonical request, of %d bytes, begins with:\n%s", len(form), strings.ToValidUTF8(form[:maxShown], ""))
	case form != "":
		message += " It would have to be a signature of this canonical request:\n" + form
	}
	return mock.Refusal(kind, message)
}
