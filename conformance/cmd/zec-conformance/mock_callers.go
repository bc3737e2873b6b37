package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// lint has the mock say, when it is stopped, what its callers got wrong.
type lint struct {
	expectClean bool
	tolerated   []string
}

func (l *lint) register(flags *pflag.FlagSet) {
	flags.BoolVar(&l.expectClean, "expect-clean", false, `when it is stopped, list the rules for callers that requests broke; exit with 1 if there
are any, and with 2 if no request came ("zec-conformance rules --callers" lists them all)`)
	flags.StringArrayVar(&l.tolerated, "tolerate", nil, "let requests break this `RULE` for callers; may be repeated")
}

func (l *lint) apply(c *command, s *serving) error {
	switch {
	case len(l.tolerated) > 0 && !l.expectClean:
		return errors.New("--tolerate makes exceptions from --expect-clean, which is not given; give both")
	case !l.expectClean:
		return nil
	}
	for _, id := range l.tolerated {
		if _, known := contract.CallerRuleByID(id); !known {
			return fmt.Errorf("--tolerate %q: there is no such rule for callers; \"zec-conformance rules --callers\" lists them", id)
		}
	}
	var service *mock.Service
	s.options = append(s.options, mock.Tolerate(l.tolerated...))
	s.around = append(s.around, func(serving *mock.Service, next http.Handler) http.Handler {
		service = serving
		return next
	})
	s.ends = append(s.ends, func() error {
		if !s.served {
			return nil
		}
		return c.judgeCallers(service)
	})
	return nil
}

// judgeCallers tells what callers got wrong. A mock that nobody called has found nothing wrong either, and that must not pass
// for clean.
func (c *command) judgeCallers(service *mock.Service) error {
	judged := service.Breaches().Judged
	if judged == 0 {
		return errors.New("--expect-clean: no request came to the API, so no caller was judged; have the client call the URL that mock prints")
	}
	broken, unbroken := service.Untolerated()
	for line := range strings.Lines(broken.String()) {
		fmt.Fprintln(c.err, report.Printable(strings.TrimSuffix(line, "\n")))
	}
	for _, id := range unbroken {
		fmt.Fprintf(c.err, "nothing broke %s, which need not be tolerated\n", id)
	}
	if len(broken.Broken) > 0 {
		fmt.Fprintf(c.err, "not clean: rules for callers that were broken: %d; requests that were judged: %d\n", len(broken.Broken), judged)
		c.status = statusNotConformant
		return nil
	}
	fmt.Fprintf(c.err, "clean: no rule for callers was broken; requests that were judged: %d\n", judged)
	return nil
}
