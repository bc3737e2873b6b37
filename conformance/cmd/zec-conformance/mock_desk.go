package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/metrics"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// watching is how people, and the tools of people, see what the mock is doing.
type watching struct {
	log, level string
	noPage     bool
}

func (w *watching) register(flags *pflag.FlagSet) {
	flags.StringVar(&w.log, "log", "none", "write a line for every exchange to standard error, in this `FORM`: text, json or none")
	flags.StringVar(&w.level, "log-level", "info", "only lines of this `LEVEL` or a higher one: info (every exchange), warn (those in which the client broke a rule, or something was made to go wrong), error (those in which the mock failed)")
	flags.BoolVar(&w.noPage, "no-page", false, "serve no page to watch it at")
}

// levels are those that a line can have.
var levels = map[string]slog.Level{"info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

func (w *watching) apply(c *command, s *serving) error {
	form := desk.Form(w.log)
	level, known := levels[w.level]
	switch {
	case form != desk.Text && form != desk.JSON && w.log != "none":
		return fmt.Errorf("--log %q: there is no such form; give text, json or none", w.log)
	case !known:
		return fmt.Errorf("--log-level %q: there is no such level; give info, warn or error", w.level)
	case s.flags.Changed("log-level") && w.log == "none":
		return errors.New("--log-level is about the log, and there is none; give --log text or --log json as well")
	}
	counted := metrics.New()
	secrets := c.notToShow(s.secrets)
	watched := desk.New(desk.Config{Hide: redact.New(secrets...).Replace, NoPage: w.noPage})
	s.options = append(s.options, mock.WithSecrets(secrets...), mock.WithObserver(counted.Observe), mock.WithControl(desk.ExchangesPath, watched.Exchanges))
	s.around = append(s.around, counted.Around, watched.Around)
	if !w.noPage {
		s.page = desk.PagePath
	}
	if w.log != "none" {
		c.err = &shared{to: c.err} // the log has a goroutine of its own
		log := watched.Log(c.err, form, level)
		s.options = append(s.options, mock.WithObserver(log.Observe))
		s.ends = append(s.ends, log.Close)
	}
	return nil
}

// notToShow adds to secrets those that the environment holds: a client may send one where nobody looks for it.
func (c *command) notToShow(secrets []string) []string {
	for _, held := range signing.Held(c.environment) {
		secrets = append(secrets, held.Secrets()...)
	}
	return secrets
}

// shared is a writer for several goroutines.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (s *shared) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(text)
}
