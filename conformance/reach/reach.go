// Package reach says where something that speaks HTTP is, and how to get there: by a URL or a unix socket, with whom to
// trust and what to show for oneself, through the proxy that the environment names.
package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
)

// Base is where something is: a URL that paths are appended to, and the unix socket that leads there, if one does.
type Base struct {
	url    *url.URL
	socket string
	http2  bool // whether HTTP/2 is spoken there without asking
}

// unixScheme begins a base that is reached by a unix socket, as in unix:/run/zec.sock or, with a base path, in
// unix:/run/zec.sock:/gateway.
const unixScheme = "unix:"

// Parse reads a base. No error repeats the text, which may hold a password.
func Parse(text string) (Base, error) {
	const mend = "give a base such as http://127.0.0.1:8080, or unix:/run/zec.sock"
	if rest, isSocket := strings.CutPrefix(text, unixScheme); isSocket {
		socket, path, _ := strings.Cut(rest, ":")
		if !filepath.IsAbs(socket) || path != "" && path[0] != '/' {
			return Base{}, errors.New("the unix socket cannot be read; give unix:/path/of/socket, or unix:/path/of/socket:/base")
		}
		base, err := Parse("http://localhost" + path)
		base.socket = socket
		return base, err
	}
	base, err := url.Parse(text)
	switch {
	case text == "":
		return Base{}, fmt.Errorf("no URL is given; %s", mend)
	case err != nil:
		return Base{}, fmt.Errorf("the URL cannot be read; %s", mend)
	case base.User != nil, strings.Contains(text, "@"):
		return Base{}, errors.New("the URL holds a user name or a password; give credentials in the environment instead")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return Base{}, fmt.Errorf("the URL has a query or a fragment, to which no path can be appended; %s", mend)
	case base.Scheme != "http" && base.Scheme != "https":
		return Base{}, fmt.Errorf("the URL does not begin with http://, https:// or unix:; %s", mend)
	case base.Hostname() == "":
		return Base{}, fmt.Errorf("the URL names no host; %s", mend)
	case strings.Contains(base.RawPath, "%") && base.EscapedPath() != base.RawPath:
		return Base{}, errors.New("the path of the URL is escaped in part; escape all of it")
	case strings.ContainsFunc(base.Host, func(r rune) bool { return r > '~' }):
		// Several spellings would lead to one host, and what is forbidden for one of them be allowed for another.
		return Base{}, errors.New("the URL has a host name outside ASCII; give the form that begins with xn--")
	}
	return Base{url: base}, nil
}

// String gives the base as it was given.
func (b Base) String() string {
	if b.socket == "" {
		return b.url.String()
	}
	if b.url.Path == "" {
		return unixScheme + b.socket
	}
	return unixScheme + b.socket + ":" + b.url.EscapedPath()
}

// With spells the base with a path appended, as Parse reads it.
func (b Base) With(path string) string {
	text := strings.TrimSuffix(b.String(), "/")
	if text == unixScheme+b.socket {
		text += ":"
	}
	return text + path
}

// URL is what requests for a path below the base are addressed to.
func (b Base) URL(path string) string { return strings.TrimSuffix(b.url.String(), "/") + path }

// Below gives the base that is a path further down.
func (b Base) Below(path string) Base {
	b.url = b.url.JoinPath(path)
	return b
}

// HTTP2 is the base, spoken to in HTTP/2 without asking whether that is understood, also where nothing is encrypted.
func (b Base) HTTP2() Base {
	b.http2 = true
	return b
}

// Like is the base, spoken to as the other one if both are at one place.
func (b Base) Like(other Base) Base {
	b.http2 = other.url != nil && other.http2 && b.socket == other.socket &&
		b.url.Scheme == other.url.Scheme && b.Host() == other.Host() && b.url.Port() == other.url.Port()
	return b
}

// Host is the name of the host in one spelling, without a port, empty where a unix socket leads.
func (b Base) Host() string {
	if b.socket != "" {
		return ""
	}
	return strings.ToLower(strings.TrimRight(b.url.Hostname(), "."))
}

// Private tells whether what is sent can be read by nobody on the way: it is encrypted, or does not leave the machine.
func (b Base) Private() bool { return b.url.Scheme == "https" || b.Local() }

// Local tells whether what is sent does not leave the machine.
func (b Base) Local() bool {
	host := b.url.Hostname() // as it is: with a dot at its end, every name is looked up elsewhere
	if b.socket != "" || strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// Curl gives the options that lead curl there, each followed by a space.
func (b Base) Curl() string {
	var options string
	if b.socket != "" {
		options = "--unix-socket '" + strings.ReplaceAll(b.socket, "'", `'\''`) + "' "
	}
	if strings.ContainsAny(b.url.String(), "[]{}") {
		options += "-g " // they are no patterns
	}
	if b.http2 && b.url.Scheme == "http" {
		options += "--http2-prior-knowledge "
	}
	return options
}

// Trust is whom to believe, and what to show for oneself, where TLS is spoken.
type Trust struct {
	Roots       *x509.CertPool   // by whom a host is vouched for; nil: whom the system trusts
	Certificate *tls.Certificate // to show to hosts that ask for one; nil: none
}

// MaxHeader is how many bytes of an answer's header are read.
const MaxHeader = 64 << 10

// buffered is how many bytes of a body are taken in, where HTTP/2 is spoken, before anybody has asked for them.
const buffered = 256 << 10

// Transport prepares connections to the base, opened no faster than dialer has found out that the host takes them. It
// follows no redirect. Its other settings are the caller's.
func (b Base) Transport(trust Trust, dialer *gentle.Dialer) *http.Transport {
	secure := &tls.Config{RootCAs: trust.Roots}
	if trust.Certificate != nil {
		secure.Certificates = []tls.Certificate{*trust.Certificate}
	}
	t := &http.Transport{
		DialContext:       dialer.DialContext,
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   secure,
		ForceAttemptHTTP2: true, // which a dialer of one's own would switch off

		MaxResponseHeaderBytes: MaxHeader,
		HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerConnection: buffered, MaxReceiveBufferPerStream: buffered},
	}
	if b.http2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP2(true)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	if b.Local() {
		t.Proxy = nil // net/http leaves proxies out for some spellings of loopback only
	}
	if b.socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", b.socket)
		}
	}
	return t
}

// unestablished is what net/http says, and has no name for, where an HTTP/2 connection ended before anything was asked on it.
const unestablished = "http2: client conn could not be established"

// Unseen tells whether an error says that a connection ended before anybody need have seen what was asked on it. A host whose
// queue of new connections is full resets some of them.
func Unseen(err error) bool {
	if err == nil {
		return false
	}
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || strings.HasSuffix(err.Error(), unestablished)
}
