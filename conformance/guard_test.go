package conformance_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

const loopback = "http://127.0.0.1:1"

func TestCredentialsAreNotSentInPlaintextByOversight(t *testing.T) {
	t.Parallel()
	for endpoint, open := range map[string]bool{
		"http://staging.example.com": true, "http://10.0.0.1:8080/gateway": true, "http://[::ffff:10.0.0.1]": true,
		"https://staging.example.com": false, loopback: false, "http://[::1]:80": false, "http://localhost": false, "unix:/run/zec.sock": false,
	} {
		g := NewWithT(t)
		for _, credentials := range []signing.Credentials{{KeyID: "key", Secret: "hush"}, {Token: "hush"}} {
			config := conformance.Config{Endpoint: endpoint, Testbed: loopback, Credentials: credentials}
			if open {
				err := config.Check()
				g.Expect(err).To(MatchError(And(ContainSubstring("--allow-plaintext"), Not(ContainSubstring("hush")))), endpoint)
				result, err := conformance.Run(t.Context(), config)
				g.Expect(err).To(MatchError(ContainSubstring("--allow-plaintext")), endpoint)
				g.Expect(result).To(BeNil())
			}
			config.AllowPlaintext = open
			g.Expect(config.Check()).To(Succeed(), endpoint)
		}
		g.Expect(conformance.Config{Endpoint: endpoint, Testbed: loopback}.Check()).To(Succeed(), "there is nothing to hide")
	}
}

// TestNothingIsDeletedInProductionByOversight, however the host is spelled, and wherever it is named.
func TestNothingIsDeletedInProductionByOversight(t *testing.T) {
	t.Parallel()
	spellings := map[string]string{ // and the one that has to be given
		"https://" + contract.Host:                                       contract.Host,
		"https://" + strings.ToUpper(contract.Host):                      contract.Host,
		"https://" + contract.Host + ".":                                 contract.Host,
		"https://" + contract.Host + "..:8443/api":                       contract.Host,
		"http://" + contract.Host + ":80":                                contract.Host,
		"HTTPS://x." + contract.Host:                                     "x." + contract.Host,
		"https://" + contract.Host[strings.Index(contract.Host, ".")+1:]: contract.Host[strings.Index(contract.Host, ".")+1:],
	}
	for spelled, host := range spellings {
		g := NewWithT(t)
		for _, config := range []conformance.Config{
			{Endpoint: spelled, Testbed: loopback},
			{Endpoint: spelled, Testbed: "/testbed/v1"},
			{Endpoint: loopback, Testbed: spelled},
			{Handler: mock.NewService(), Testbed: spelled},
			{Endpoint: spelled, Bed: struct{ testbed.Bed }{}},
		} {
			g.Expect(config.Check()).To(MatchError(ContainSubstring("--yes-delete-snapshots-on "+host+" if that is meant")), spelled)
			_, err := conformance.Run(t.Context(), config)
			g.Expect(err).To(MatchError(ContainSubstring("--yes-delete-snapshots-on")), spelled)
			for _, wrong := range []string{"", "*", "x" + host, "." + host, host + ".", strings.ToUpper(host), spelled} {
				config.DeleteSnapshotsOn = []string{wrong}
				g.Expect(config.Check()).NotTo(Succeed(), "%s on %s", wrong, spelled)
			}
			config.DeleteSnapshotsOn = []string{"example.com", host}
			g.Expect(config.Check()).To(Succeed(), spelled)
		}
	}
	for _, host := range []string{"not" + contract.Host + ".example.com", contract.Host + ".example.com", "xn--" + contract.Host + "-.com", "console-zenlayer.example"} {
		NewWithT(t).Expect(conformance.Config{Endpoint: "https://" + host, Testbed: loopback}.Check()).To(Succeed(), host)
	}
}

func TestCheckFindsWhatRunWouldRefuse(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]conformance.Config{
		"no endpoint":        {Testbed: loopback},
		"no testbed":         {Endpoint: loopback},
		"a testbed, no URL":  {Endpoint: loopback, Testbed: "elsewhere"},
		"a testbed, no path": {Endpoint: loopback, Testbed: "/testbed?"},
		"a filter":           {Endpoint: loopback, Testbed: loopback, Filter: "BATCH-77"},
		"a negative time":    {Endpoint: loopback, Testbed: loopback, RunTime: -time.Second},
	} {
		g := NewWithT(t)
		err := config.Check()
		g.Expect(err).To(BeAssignableToTypeOf(&conformance.ConfigError{}), name)
		_, again := conformance.Run(t.Context(), config)
		g.Expect(again).To(MatchError(err.Error()))
	}
}
