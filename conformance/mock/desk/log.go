package desk

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Form is how the lines of a log are written.
type Form string

// The forms.
const (
	Text Form = "text"
	JSON Form = "json"
)

// Log has a line for every exchange. One that the caller did something wrong in, or that was made to go wrong, is a warning;
// one in which the mock failed by itself is an error.
type Log struct {
	desk  *Desk
	lines *slog.Logger
	queue *queue
}

// Log begins a log. Its lines of at least a level are written one by one, and never by whoever is at an exchange: where a
// writer is slow, or stands still, the mock does not wait for it, and lines that find no room are counted and left out.
func (d *Desk) Log(to io.Writer, form Form, level slog.Level) *Log {
	q := &queue{lines: make(chan []byte, waiting), closed: make(chan struct{}), done: make(chan struct{})}
	logger := func(w io.Writer) *slog.Logger {
		options := &slog.HandlerOptions{Level: level}
		if form == JSON {
			return slog.New(slog.NewJSONHandler(escapedJSON{w}, options))
		}
		return slog.New(slog.NewTextHandler(escapedText{w}, options))
	}
	go q.write(to, logger(to))
	return &Log{desk: d, lines: logger(q), queue: q}
}

// Observe writes down an exchange. It does not wait. It is for mock.WithObserver.
func (l *Log) Observe(x *mock.Exchange) {
	if !l.lines.Enabled(context.Background(), slog.LevelError) {
		return
	}
	t := l.desk.tell(x)
	level := t.level()
	if !l.lines.Enabled(context.Background(), level) {
		return
	}
	line := slog.NewRecord(t.At, level, "exchange", 0)
	line.AddAttrs(
		slog.Int("number", t.Number), slog.String("remote", t.Remote), slog.String("method", t.Method), slog.String("action", t.Action),
		slog.Int("ids", len(x.SnapshotIDs())), slog.Int("status", t.Status), slog.String("code", t.Code),
		slog.String("requestId", t.RequestID), slog.Float64("ms", 1e3*t.Seconds), slog.String("fault", t.Fault),
	)
	remarks := make([]string, len(t.Remarks))
	for i, one := range t.Remarks {
		remarks[i] = fmt.Sprintf("%s %s %s (%s)", one.Level, one.Rule, one.Statement, one.What)
	}
	line.AddAttrs(slog.String("remarks", strings.Join(remarks, "; ")))
	_ = l.lines.Handler().Handle(context.Background(), line) // the queue takes everything
}

func (t told) level() slog.Level {
	switch {
	case t.Status >= http.StatusInternalServerError && t.Fault == "":
		return slog.LevelError
	case len(t.Remarks) > 0 || t.Fault != "" || t.Status == 0:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// Close writes what is waiting, for a second at the most, and ends the log.
func (l *Log) Close() error {
	close(l.queue.closed)
	select {
	case <-l.queue.done:
	case <-time.After(time.Second): // nobody reads it
	}
	return nil
}

// waiting is how many lines may wait for a writer. The longest has a few KiB.
const waiting = 1024

// queue is lines that wait to be written.
type queue struct {
	lines        chan []byte
	lost         atomic.Int64
	closed, done chan struct{}
}

// Write implements io.Writer for one line.
func (q *queue) Write(line []byte) (int, error) {
	select {
	case q.lines <- line:
	default:
		q.lost.Add(1)
	}
	return len(line), nil
}

func (q *queue) write(to io.Writer, own *slog.Logger) {
	defer close(q.done)
	for {
		select {
		case line := <-q.lines:
			q.put(to, own, line)
		case <-q.closed:
			for {
				select {
				case line := <-q.lines:
					q.put(to, own, line)
				default:
					return
				}
			}
		}
	}
}

func (q *queue) put(to io.Writer, own *slog.Logger, line []byte) {
	_, _ = to.Write(line) // there is nobody to tell
	if lost := q.lost.Swap(0); lost > 0 {
		own.Error("lines were left out, since nobody read them fast enough", "lines", lost)
	}
}

// The escaped forms of a log's line have nothing in it that a terminal or a CI system would carry out. Each Write is one line.
type (
	escapedText struct{ io.Writer }
	escapedJSON struct{ io.Writer }
)

func (e escapedText) Write(line []byte) (int, error) {
	_, err := io.WriteString(e.Writer, report.Printable(strings.TrimSuffix(string(line), "\n"))+"\n")
	return len(line), err
}

func (e escapedJSON) Write(line []byte) (int, error) {
	_, err := e.Writer.Write(report.EscapeJSON(line))
	return len(line), err
}
