package main

import (
	"crypto/tls"
	"errors"
	"net/http"

	"github.com/spf13/pflag"
)

// securing has the mock speak TLS, for clients that speak nothing else.
type securing struct{ cert, key string }

func (s *securing) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.cert, "cert", "", "speak TLS with the certificate in this PEM `FILE`, for clients that speak nothing else")
	flags.StringVar(&s.key, "key", "", "PEM `FILE` of the certificate's private key")
}

func (s *securing) apply(_ *command, serving *serving) error {
	cert, key := serving.flags.Changed("cert"), serving.flags.Changed("key")
	switch {
	case !cert && !key:
		return nil
	case cert != key:
		return errors.New("--cert and --key belong together; give both, or neither")
	}
	pair, err := readPair(s.cert, s.key)
	if err != nil {
		return err
	}
	serving.changes = append(serving.changes, func(server *http.Server) {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*pair}}
	})
	return nil
}
