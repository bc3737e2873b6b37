package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// reaching is what flags say about where endpoints and testbeds are, and how to get there. All verbs that ask any of
// them share it.
type reaching struct {
	flags               *pflag.FlagSet
	endpoints, testbeds []string
	cacert, cert, key   string // PEM files
	http2               bool
	allowPlaintext      bool
	deleteOn            []string
	timeout             time.Duration
	asksNobody          bool // whether nothing is sent, so that nothing has to be guarded
	deletesNothing      bool // whether nothing is deleted, so that production is safe
}

// reachingFlags adds the flags to a verb.
func reachingFlags(flags *pflag.FlagSet) *reaching {
	r := &reaching{flags: flags}
	flags.StringArrayVar(&r.endpoints, "endpoint", nil, "base `URL` of the implementation, or unix:/path/of/socket (may be repeated; default: the embedded mock)")
	flags.StringArrayVar(&r.testbeds, "testbed", nil, "where snapshots come from, as `SPEC`: the http(s) or unix base URL of the testbed protocol, a path below the endpoint, exec:COMMAND, file:PATH, or zec:DISK_ID (one for all endpoints, or one for each, in their order)")
	flags.StringVar(&r.cacert, "cacert", "", "who vouches for an https endpoint and testbed: a PEM `FILE` of certificates (default: whom the system trusts)")
	flags.StringVar(&r.cert, "cert", "", "the certificate to show where one is asked for: a PEM `FILE`, with --key")
	flags.StringVar(&r.key, "key", "", "the private key of --cert: a PEM `FILE`, not encrypted")
	flags.BoolVar(&r.http2, "http2", false, "speak HTTP/2 without asking, also where nothing is encrypted (over TLS, it is spoken anyway where it is offered)")
	flags.BoolVar(&r.allowPlaintext, "allow-plaintext", false, "let credentials be sent over plain http to another host than this one")
	flags.StringArrayVar(&r.deleteOn, "yes-delete-snapshots-on", nil, "let the snapshots that the testbed makes be deleted on this `HOST` in production (may be repeated)")
	flags.DurationVar(&r.timeout, "timeout", conformance.DefaultTimeout, "how long one answer may take")
	return r
}

// given tells whether anything but the embedded mock is meant.
func (r *reaching) given() bool { return r.flags.Changed("endpoint") || r.flags.Changed("testbed") }

// reach gives a config for each endpoint, which is the base with what the flags say about reaching it and the credentials of
// the environment. Where no endpoint is given there is one config, with neither. Nothing is sent.
func (c *command) reach(r *reaching, base conformance.Config) ([]conformance.Config, error) {
	if err := r.paired(); err != nil {
		return nil, err
	}
	base, err := c.ways(r, base)
	if err != nil {
		return nil, err
	}
	credentials := base.Credentials
	base.Credentials = signing.Credentials{}
	configs := []conformance.Config{base}
	if r.given() {
		base.Credentials = credentials // the embedded mock is not given any
		configs = make([]conformance.Config, len(r.endpoints))
	}
	var hosts []string
	for i := range r.endpoints {
		base.Endpoint, base.Testbed = r.endpoints[i], r.testbeds[min(i, len(r.testbeds)-1)]
		if err := r.guard(&base); err != nil {
			return nil, err
		}
		configs[i] = base
		hosts = append(hosts, base.Hosts()...)
	}
	for _, host := range r.deleteOn {
		if host == "" || !slices.Contains(hosts, host) {
			return nil, fmt.Errorf("--yes-delete-snapshots-on %q names the host of no endpoint that is given; name it in small letters, without a port", host)
		}
	}
	return configs, nil
}

// ways gives the base with what the flags say about how any endpoint or testbed is reached, and the credentials of the
// environment.
func (c *command) ways(r *reaching, base conformance.Config) (conformance.Config, error) {
	var err error
	if base.Trust, err = r.trust(); err != nil {
		return base, err
	}
	base.Credentials, err = signing.FromEnvironment(c.environment)
	base.Timeout, base.HTTP2, base.AllowPlaintext, base.DeleteSnapshotsOn = r.timeout, r.http2, r.allowPlaintext, r.deleteOn
	return base, err
}

// guard sees that a config is one to run with, as far as what is to be done could do harm.
func (r *reaching) guard(config *conformance.Config) error {
	if r.asksNobody {
		config.AllowPlaintext = true
	}
	if r.asksNobody || r.deletesNothing {
		config.DeleteSnapshotsOn = config.Hosts()
	}
	return config.Check()
}

// again spells the flags about reaching that another command needs to get to the same testbed.
func (r *reaching) again() string {
	var text strings.Builder
	for _, flag := range []struct{ name, value string }{{"cacert", r.cacert}, {"cert", r.cert}, {"key", r.key}} {
		if flag.value != "" {
			text.WriteString(" --" + flag.name + " " + target.Quote(flag.value))
		}
	}
	for _, flag := range []struct {
		name  string
		given bool
	}{{"http2", r.http2}, {"allow-plaintext", r.allowPlaintext}} {
		if flag.given {
			text.WriteString(" --" + flag.name)
		}
	}
	for _, host := range r.deleteOn {
		text.WriteString(" --yes-delete-snapshots-on " + target.Quote(host))
	}
	return text.String()
}

// paired sees that there is a testbed for each endpoint.
func (r *reaching) paired() error {
	endpoint, testbed := r.flags.Changed("endpoint"), r.flags.Changed("testbed")
	switch {
	case endpoint && !testbed:
		return errors.New("--endpoint is given without --testbed, by which snapshots are made; give both, or neither for the embedded mock")
	case testbed && !endpoint:
		return errors.New("--testbed is given without --endpoint; give both, or neither for the embedded mock")
	case r.timeout <= 0:
		return fmt.Errorf("--timeout %s is not a positive duration; give one such as 30s", r.timeout)
	case len(r.testbeds) > 1 && len(r.testbeds) != len(r.endpoints):
		return fmt.Errorf("there are %d of --endpoint and %d of --testbed; give one testbed for all endpoints, or one for each, in their order", len(r.endpoints), len(r.testbeds))
	}
	return nil
}

// trust reads whom to trust, and what to show.
func (r *reaching) trust() (trust reach.Trust, err error) {
	if r.flags.Changed("cacert") {
		if trust.Roots, err = readCertificates(r.cacert); err != nil {
			return trust, fmt.Errorf("--cacert %w", err)
		}
	}
	switch cert, key := r.flags.Changed("cert"), r.flags.Changed("key"); {
	case cert != key:
		return trust, errors.New("--cert and --key belong together; give both, or neither")
	case cert:
		trust.Certificate, err = readPair(r.cert, r.key)
	}
	return trust, err
}

// readPEM reads a file of which an error says what it is to be.
func readPEM(path, what string) ([]byte, error) {
	text, err := os.ReadFile(path)
	var broken *fs.PathError
	if errors.As(err, &broken) {
		return nil, fmt.Errorf("%q cannot be read (%w); give a PEM file of %s", path, broken.Err, what)
	}
	return text, err
}

// readCertificates reads whom to trust.
func readCertificates(path string) (*x509.CertPool, error) {
	text, err := readPEM(path, "certificates")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%q has no certificate in it; give a PEM file of certificates", path)
	}
	return pool, nil
}

// readPair reads a certificate and its key. No error repeats anything of what is in the files.
func readPair(certPath, keyPath string) (*tls.Certificate, error) {
	cert, err := readPEM(certPath, "the certificate, and of those that lead from it to one that is trusted")
	if err != nil {
		return nil, fmt.Errorf("--cert %w", err)
	}
	key, err := readPEM(keyPath, "a private key")
	if err != nil {
		return nil, fmt.Errorf("--key %w", err)
	}
	if encrypted(key) {
		return nil, fmt.Errorf("--key %q is encrypted, and nobody is asked for a passphrase; decrypt it (openssl pkey -in FILE -out FILE)", keyPath)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--cert %q and --key %q are no certificate and its private key, both in PEM; give two files that belong together", certPath, keyPath)
	}
	return &pair, nil
}

// encrypted tells whether any block of a PEM file asks for a passphrase.
func encrypted(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasPrefix(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
	return false
}
