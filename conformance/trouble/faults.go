package trouble

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/byhand"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
)

// A fault is an error code of the contract, which is answered before anything is done; trouble of the connection; or a
// mutant or twin, which answers in the mock's place.

// Broken is trouble of the connection.
type Broken struct {
	Name string
	Does string // as the end of a sentence that starts with "it"

	serve func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// Connections lists the trouble of connections that there is.
var Connections = []Broken{
	{"hang", fmt.Sprintf("gives no answer until the client has gone away, or %.0f minutes are over; nothing is done", longestHang.Minutes()), hang},
	{"reset", "breaks the connection in place of an answer; nothing is done", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { reset(w) }},
	{"reset-after", "does what is asked, and breaks the connection in place of the answer", resetAfter},
	{"cut", "does what is asked, and breaks the connection in the middle of the answer", cut},
}

// longestHang is how long a client without any patience of its own is left waiting.
const longestHang = 10 * time.Minute

// retryAfter is how long a client that asks too often is told to wait.
const retryAfter = time.Second

// Names lists all faults: error codes, trouble of connections, and what there is of mutants and twins.
func Names() []string {
	var names []string
	for _, one := range contract.Errors {
		names = append(names, one.Code)
	}
	for _, one := range Connections {
		names = append(names, one.Name)
	}
	for _, v := range slices.Concat(mutants.Mutants(), mutants.Twins()) {
		if v.Portable() == nil {
			names = append(names, v.Name)
		}
	}
	return names
}

// checkFault tells why there is no fault of a name.
func checkFault(name string) error {
	if _, known := errorOf(name); known {
		return nil
	}
	if _, known := connectionOf(name); known {
		return nil
	}
	variant, known := mutants.Named(name)
	if !known {
		return fmt.Errorf("there is no fault %.60q%s; there are error codes, %s, and those that \"zec-conformance mutants\" lists", name, byhand.Meant(name, Names()), list(Connections))
	}
	if err := variant.Portable(); err != nil {
		return fmt.Errorf("%q cannot be a fault, since %w; have it served whole, with --mutant %s", name, err, name)
	}
	return nil
}

func list(connections []Broken) string {
	text := ""
	for i, one := range connections {
		if i > 0 {
			text += ", "
		}
		text += one.Name
	}
	return text
}

func errorOf(code string) (contract.Error, bool) {
	i := slices.IndexFunc(contract.Errors, func(one contract.Error) bool { return one.Code == code })
	if i < 0 {
		return contract.Error{}, false
	}
	return contract.Errors[i], true
}

func connectionOf(name string) (Broken, bool) {
	i := slices.IndexFunc(Connections, func(one Broken) bool { return one.Name == name })
	if i < 0 {
		return Broken{}, false
	}
	return Connections[i], true
}

// newFault gives the handler of a fault that checkFault knows, on a mock whose API is next.
func newFault(name string, s *mock.Service, next http.Handler) http.Handler {
	if kind, known := errorOf(name); known {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, kind) })
	}
	if broken, known := connectionOf(name); known {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { broken.serve(w, r, next) })
	}
	variant, _ := mutants.Named(name)
	handler, err := variant.On(s)
	if err != nil {
		panic(err) // checkFault would have told
	}
	return handler
}

func refuse(w http.ResponseWriter, kind contract.Error) {
	if kind == contract.TooFast {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	}
	mock.Fail(w, mock.Refusal(kind, "The mock was told to answer so."))
}

func hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_ = gentle.Pause(r.Context(), longestHang) // whoever has gone needs no answer
	panic(http.ErrAbortHandler)
}

// reset breaks a connection so that the other side is told, if it is a TCP connection for one request at a time, and
// breaks off the answer if not.
func reset(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := connection.(interface{ SetLinger(seconds int) error }); ok {
			_ = tcp.SetLinger(0) // without it the client would see an end, and no reset
		}
		_ = connection.Close()
	}
	panic(http.ErrAbortHandler)
}

func resetAfter(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	reset(w)
}

func cut(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	text := answer.Body.Bytes()
	maps.Copy(w.Header(), answer.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(text[:len(text)/2]) // a caller that has gone is nobody's fault
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
