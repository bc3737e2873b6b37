package conformance

import (
	"fmt"
	"os"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// Check tells whether Run would refuse the config, and why. It sends nothing.
func (c Config) Check() error {
	if c.Handler != nil {
		c.Endpoint = "http://localhost" // where it will be served
	}
	c, _, err := c.complete()
	if err == nil {
		_, _, err = c.chosen()
	}
	if err == nil {
		_, err = readKnown(c.Baseline)
	}
	if err != nil {
		return &ConfigError{err}
	}
	return nil
}

// guarded sees that nothing is done by oversight that cannot be taken back: a secret shown to others, a customer's data
// put at risk.
func (c Config) guarded(endpoint reach.Base) error {
	bases := []reach.Base{endpoint}
	if c.Bed == nil {
		bed, placed, err := testbed.Place(c.Testbed)
		if err != nil {
			return fmt.Errorf("testbed: %w", err)
		}
		if placed {
			bases = append(bases, bed)
		}
	}
	if c.Credentials.Present() && !endpoint.Private() && !c.AllowPlaintext {
		return fmt.Errorf("endpoint: credentials would be sent to %s where others can read them on the way; give an https endpoint, or --allow-plaintext if that is meant", endpoint.Host())
	}
	for _, base := range bases {
		if host := base.Host(); contract.Production(host) && !slices.Contains(c.DeleteSnapshotsOn, host) {
			return fmt.Errorf("%s is in production; a run makes snapshots there and deletes those, and no others; give --yes-delete-snapshots-on %s if that is meant", host, host)
		}
		if !base.Local() {
			if err := reach.CheckProxies(os.LookupEnv); err != nil {
				return err
			}
		}
	}
	return nil
}

// Hosts names the hosts that the endpoint and the testbed are on, each in one spelling. What cannot be read has none.
func (c Config) Hosts() []string {
	var hosts []string
	if endpoint, err := reach.Parse(c.Endpoint); err == nil {
		hosts = append(hosts, endpoint.Host())
	}
	if bed, placed, err := testbed.Place(c.Testbed); err == nil && placed {
		hosts = append(hosts, bed.Host())
	}
	return hosts
}
