package har

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// What is read at the most. A file can come from anywhere.
const (
	LongestFile    = 1 << 30  // bytes
	longestEntry   = 32 << 20 // bytes of one entry, or of any other value
	longestHeaders = 1 << 20  // bytes of the headers of an entry
	deepest        = 1000     // levels of what is passed over
)

// Read gives the entries of a file one after the other, the first as number 1, and stops at the first error that each
// returns. Its own errors say in one line what is wrong with the file and repeat nothing of what is in it.
func Read(r io.Reader, each func(number int, e *Entry) error) error {
	in := &metered{in: withoutBOM(r), whole: LongestFile}
	f := file{in: in, decoder: json.NewDecoder(in), each: each}
	f.next()
	if err := f.object(func(name string) error {
		if name == "log" {
			return f.log()
		}
		return f.skip()
	}); err != nil {
		return f.told(err)
	}
	if !f.entries {
		return errors.New("it is no HAR: it has no log.entries")
	}
	if _, err := f.decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows after the end of the log")
	}
	return nil
}

// file is a file that is being read.
type file struct {
	in      *metered
	decoder *json.Decoder
	each    func(number int, e *Entry) error
	number  int  // of the entry that is being read
	entries bool // whether there are any to read
}

// stopped is an error of the one who is given the entries.
type stopped struct{ error }

// told gives an error as people are to read it: where in the file it is, and nothing that stands there.
func (f *file) told(err error) error {
	if own, is := errors.AsType[stopped](err); is {
		return own.error
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case f.in.err != nil:
		err = f.in.err
	case errors.As(err, &syntax), errors.Is(err, errShape):
		err = fmt.Errorf("it is no JSON of a HAR from byte %d on", f.decoder.InputOffset())
	case errors.As(err, &kind):
		err = fmt.Errorf("%s is of the wrong type", kind.Field)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the file ends before the log does")
	}
	if f.number > 0 {
		return fmt.Errorf("entry %d: %w", f.number, err)
	}
	return err
}

var errShape = errors.New("another token was due")

// next allows for one more value.
func (f *file) next() { f.in.left = longestEntry }

// delimiter reads one of { } [ ].
func (f *file) delimiter(due json.Delim) error {
	token, err := f.decoder.Token()
	if err != nil {
		return err
	}
	if token != due {
		return errShape
	}
	return nil
}

// object reads an object, each member's value by member.
func (f *file) object(member func(name string) error) error {
	if err := f.delimiter('{'); err != nil {
		return err
	}
	for f.decoder.More() {
		f.next()
		token, err := f.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder takes nothing else here
		if err := member(name); err != nil {
			return err
		}
	}
	return f.delimiter('}')
}

func (f *file) log() error {
	return f.object(func(name string) error {
		switch name {
		case "version":
			return f.version()
		case "entries":
			return f.list()
		}
		return f.skip()
	})
}

// version sees that the format is known. An empty version stands for 1.1.
func (f *file) version() error {
	var number string
	if err := f.decoder.Decode(&number); err != nil {
		return err
	}
	if number != "" && !strings.HasPrefix(number, "1.") {
		return errors.New("it is a HAR of another version than 1.x")
	}
	return nil
}

func (f *file) list() error {
	if f.entries {
		return errors.New("it has log.entries twice")
	}
	f.entries = true
	if err := f.delimiter('['); err != nil {
		return err
	}
	for number := 1; f.decoder.More(); number++ {
		f.number = number
		f.next()
		e := Entry{Request: Request{HeadersSize: -1, BodySize: -1}, Response: Response{HeadersSize: -1, BodySize: -1}}
		if err := f.decoder.Decode(&e); err != nil {
			return err
		}
		if err := e.complete(); err != nil {
			return err
		}
		if err := f.each(number, &e); err != nil {
			return stopped{err}
		}
	}
	f.number = 0
	return f.delimiter(']')
}

// complete tells what is missing without which an entry says nothing, and what is far too much.
func (e *Entry) complete() error {
	headers := len(e.Request.URL)
	for _, pair := range slices.Concat(e.Request.Headers, e.Response.Headers) {
		headers += len(pair.Name) + len(pair.Value)
	}
	switch {
	case headers > longestHeaders:
		return fmt.Errorf("its headers are longer than %d MiB", longestHeaders>>20)
	case e.Started.IsZero():
		return errors.New("it has no startedDateTime")
	case e.Request.Method == "" || e.Request.URL == "":
		return errors.New("its request has no method or no url")
	case e.Response.Status < 0 || e.Response.Status > 999:
		return errors.New("the status of its response is none")
	}
	return nil
}

// skip passes over a value.
func (f *file) skip() error {
	for depth := 0; ; {
		f.next()
		token, err := f.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > deepest {
				return errShape
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// metered bounds how much is read of a file, and of it for one value. The decoder keeps a value whole while it reads it.
type metered struct {
	in          io.Reader
	whole, left int
	err         error // that is not the end of the file
}

func (m *metered) Read(p []byte) (int, error) {
	switch {
	case m.whole <= 0:
		m.err = fmt.Errorf("the file is longer than %d MiB", LongestFile>>20)
	case m.left <= 0:
		m.err = fmt.Errorf("it is longer than %d MiB", longestEntry>>20)
	}
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.in.Read(p[:min(len(p), m.left, m.whole)])
	m.left, m.whole = m.left-n, m.whole-n
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = errors.New("the file cannot be read")
	}
	return n, err
}

// withoutBOM passes over the mark that a file of text may begin with.
func withoutBOM(r io.Reader) io.Reader {
	buffered := bufio.NewReader(r)
	mark := []byte("\ufeff")
	if begin, err := buffered.Peek(len(mark)); err == nil && bytes.Equal(begin, mark) {
		_, _ = buffered.Discard(len(mark)) // which has been seen to be there
	}
	return buffered
}
