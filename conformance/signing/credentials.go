// Package signing proves to an implementation who is asking, in the two ways that it may know: a signature made with
// a key pair, or a bearer token.
//
// [Credentials] are what a client has; [Credentials.Option] has a generated client show them, and [Credentials.Verify] and
// [Keys.Verify] are the other side.
package signing

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// Credentials are a key pair, a token, or, as the zero value, nothing at all. Print them as you like: fmt, log/slog,
// encoding/json and Gomega show what they are and never what they say. That ends where one of these cannot call
// methods: in an unexported field of another struct.
type Credentials struct {
	KeyID  string // names the secret and is sent with every request
	Secret string // signs and is never sent
	Token  string // used where there is no key pair
}

// Present tells whether there is anything to prove oneself with.
func (c Credentials) Present() bool { return c.hasPair() || c.Token != "" }

func (c Credentials) hasPair() bool { return c.KeyID != "" && c.Secret != "" }

// StandIn gives credentials of the same kind that are nobody's.
func (c Credentials) StandIn() Credentials {
	switch {
	case c.hasPair():
		return Credentials{KeyID: "stand-in", Secret: "stand-in"}
	case c.Token != "":
		return Credentials{Token: "stand-in"}
	}
	return c
}

// Secrets lists the texts that must not appear in anything that is shown or written.
func (c Credentials) Secrets() []string {
	var secrets []string
	for _, text := range []string{c.Secret, c.Token} {
		if text != "" {
			secrets = append(secrets, text)
		}
	}
	return secrets
}

// Identity lists the texts by which one can tell whose credentials they are. They give nothing away, and are not to be
// shown either.
func (c Credentials) Identity() []string {
	if c.KeyID == "" {
		return nil
	}
	return []string{c.KeyID, credential + c.KeyID}
}

// String says what the credentials are, and nothing of what they say.
func (c Credentials) String() string {
	switch {
	case c.hasPair():
		return "a key pair"
	case c.Token != "":
		return "a token"
	default:
		return "no credentials"
	}
}

// Format implements fmt.Formatter: String alone would leave verbs such as %d and %#v to print the fields.
func (c Credentials) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// GomegaString keeps the fields out of the text of a failed assertion, where Gomega would list them.
func (c Credentials) GomegaString() string { return c.String() }

// LogValue implements slog.LogValuer.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText implements encoding.TextMarshaler, and so keeps the fields out of JSON.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// The environment variables of the vendor's tools.
const (
	envAccessID     = "ZENLAYERCLOUD_ACCESS_KEY_ID"
	envAccessSecret = "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD"
	envSecretID     = "ZENLAYERCLOUD_SECRET_KEY_ID"
	envSecretSecret = "ZENLAYERCLOUD_SECRET_KEY_PASSWORD"
	envToken        = "ZENLAYER_TOKEN"
)

// Names says which variables to set, for people.
const Names = envAccessID + " and " + envAccessSecret + ", " + envSecretID + " and " + envSecretSecret + ", or " + envToken

// FromEnvironment reads the credentials that the variables of the vendor's tools hold; lookup is os.LookupEnv, or
// stands in for it. An empty variable counts as unset, and where none is set there are no credentials. An error names
// variables and never shows what is in them.
func FromEnvironment(lookup func(string) (string, bool)) (Credentials, error) {
	access, errAccess := readPair(lookup, envAccessID, envAccessSecret)
	secret, errSecret := readPair(lookup, envSecretID, envSecretSecret)
	token, errToken := read(lookup, envToken)
	if err := errors.Join(errAccess, errSecret, errToken); err != nil {
		return Credentials{}, err
	}

	var chosen Credentials
	var names []string
	for _, source := range []struct {
		names string
		holds Credentials
	}{
		{envAccessID + " and " + envAccessSecret, access},
		{envSecretID + " and " + envSecretSecret, secret},
		{envToken, Credentials{Token: token}},
	} {
		if source.holds.Present() && source.holds != chosen {
			chosen = source.holds
			names = append(names, source.names)
		}
	}
	if len(names) > 1 {
		return Credentials{}, fmt.Errorf("different credentials are set, of which only one can be used: %s",
			strings.Join(names, "; "))
	}
	return chosen, nil
}

// Held gives what the variables hold, whether it can be used or not, for whoever has to see that none of it is shown.
func Held(lookup func(string) (string, bool)) []Credentials {
	value := func(name string) string {
		text, _ := lookup(name)
		return text
	}
	return []Credentials{
		{KeyID: value(envAccessID), Secret: value(envAccessSecret)},
		{KeyID: value(envSecretID), Secret: value(envSecretSecret)},
		{Token: value(envToken)},
	}
}

// readPair reads a key pair, both halves of it or none.
func readPair(lookup func(string) (string, bool), idName, secretName string) (Credentials, error) {
	id, errID := read(lookup, idName)
	secret, errSecret := read(lookup, secretName)
	if err := errors.Join(errID, errSecret); err != nil {
		return Credentials{}, err
	}
	switch {
	case id != "" && secret == "":
		return Credentials{}, fmt.Errorf("%s is set, and %s, which belongs to it, is not", idName, secretName)
	case id == "" && secret != "":
		return Credentials{}, fmt.Errorf("%s is set, and %s, which belongs to it, is not", secretName, idName)
	}
	return Credentials{KeyID: id, Secret: secret}, nil
}

// read refuses what could not stand in a header, such as the line end that a file was read with.
func read(lookup func(string) (string, bool), name string) (string, error) {
	value, _ := lookup(name)
	if strings.ContainsFunc(value, unicode.IsControl) {
		return "", fmt.Errorf("%s has a line end or another control character in it", name)
	}
	return value, nil
}
