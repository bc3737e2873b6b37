package mutants

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

// secured has a server speak TLS, with HTTP/2 on top of it or without.
func secured(http2 bool) func(server *http.Server) {
	return func(server *http.Server) {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate()}}
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetHTTP2(http2)
	}
}

// certificate is one for this machine, which nobody vouches for but itself. It is made when it is first asked for.
var certificate = sync.OnceValue(func() tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	signed := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key, Leaf: must(x509.ParseCertificate(signed))}
})

// must is for what cannot fail: nothing here comes from outside.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
