package conformance_test

import (
	"os"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// TestConformance judges the implementation that the environment names, and without one the embedded mock.
func TestConformance(t *testing.T) {
	credentials, err := signing.FromEnvironment(os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	config := conformance.Config{
		Endpoint:    os.Getenv("ZEC_CONFORMANCE_ENDPOINT"),
		Testbed:     os.Getenv("ZEC_CONFORMANCE_TESTBED"),
		Credentials: credentials,
	}
	if config.Endpoint == "" && config.Testbed == "" {
		config = conformance.Config{Handler: mock.NewService(), Testbed: mock.TestbedPath}
	}
	conformance.Test(t, config)
}
