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

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
)

// Base is where something is: a URL that paths are appended to, and the unix socket that leads there, if one does.
type Base struct {
	url    *url.URL
	socket string
}

// unixScheme begins a base that is reached by a unix socket, as in unix:/run/zec.sock or, with a base path, in
// unix:/run/zec.sock:/gateway.
const unixScheme = "unix:"

// Parse reads a base. No error repeats the text, which may hold a password.
func Parse(text string) (Base, error) {
	const mend = "give a base such as http://127.0.0.1:8080, or unix:/run/zec.sock"
	if rest, isSocket := strings.CutPrefix(text, unixScheme); isSocket {
		socket, path, _ := strings.Cut(rest, ":")
		if !filepath.IsAbs(socket) || path != "" && path[0] != '/' || strings.ContainsAny(path, "?#") {
			return Base{}, errors.New("the unix socket cannot be read; give unix:/path/of/socket, or unix:/path/of/socket:/base")
		}
		return Base{url: &url.URL{Scheme: "http", Host: "localhost", Path: path}, socket: socket}, nil
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
	return unixScheme + b.socket + ":" + b.url.Path
}

// URL is what requests for a path below the base are addressed to.
func (b Base) URL(path string) string { return strings.TrimSuffix(b.url.String(), "/") + path }

// Below gives the base that is a path further down.
func (b Base) Below(path string) Base { return Base{url: b.url.JoinPath(path), socket: b.socket} }

// Host is the name of the host in one spelling, without a port, empty where a unix socket leads.
func (b Base) Host() string {
	if b.socket != "" {
		return ""
	}
	return strings.ToLower(strings.TrimRight(b.url.Hostname(), "."))
}

// Private tells whether what is sent can be read by nobody on the way: it is encrypted, or does not leave the machine.
func (b Base) Private() bool {
	if b.socket != "" || b.url.Scheme == "https" || b.Host() == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(b.Host())
	return err == nil && address.Unmap().IsLoopback()
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
	if b.socket != "" {
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", b.socket)
		}
	}
	return t
}
