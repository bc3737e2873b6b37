package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// How many exchanges one answer tells.
const (
	usualLimit = 100
	maxLimit   = 1000
)

// Exchanges serves the last exchanges as JSON, for tests in any language: those after the number "after", and of these the
// last "limit" ones. It is for mock.WithControl, at ExchangesPath.
func (d *Desk) Exchanges(s *mock.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": "this path does not know the method"})
			return
		}
		after, err := number(r, "after", 0, 0, 1<<53)
		if err == nil {
			var limit int
			if limit, err = number(r, "limit", usualLimit, 1, maxLimit); err == nil {
				d.tellExchanges(w, s, after, limit)
				return
			}
		}
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	})
}

func (d *Desk) tellExchanges(w http.ResponseWriter, s *mock.Service, after, limit int) {
	all := s.Exchanges()
	chosen := all[sort.Search(len(all), func(i int) bool { return all[i].Number > after }):]
	chosen = chosen[max(0, len(chosen)-limit):]
	w.Header().Set("Content-Type", contract.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(w, `{"total":%d,"exchanges":[`, total(all))
	for i, x := range chosen { // one by one, since together they may be long
		if i > 0 {
			fmt.Fprint(w, ",\n")
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(d.tellAll(x)) // it has nothing that JSON cannot hold
		if _, err := w.Write(report.EscapeJSON(bytes.TrimSpace(text.Bytes()))); err != nil {
			return // who asked has gone
		}
	}
	fmt.Fprintln(w, "]}")
}

// total is how many exchanges there have been, of which the last are given.
func total(last []*mock.Exchange) int {
	if len(last) == 0 {
		return 0
	}
	return last[len(last)-1].Number
}

// find gives an exchange by its number, and where it stands.
func find(all []*mock.Exchange, number int) (place int, there bool) {
	return slices.BinarySearchFunc(all, number, func(x *mock.Exchange, number int) int { return x.Number - number })
}

// number reads a number of a query.
func number(r *http.Request, name string, otherwise, least, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s has to be a number from %d to %d", name, least, most)
	}
	return n, nil
}
