package desk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/net/html"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// FuzzWhatIsShown tries texts in every place of the desk: no text may add an element or an attribute, or have anything in it that
// does something to the writing around it.
func FuzzWhatIsShown(f *testing.F) {
	for _, text := range hostile[:7] {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := NewWithT(t)
		plain, odd := shape(g, "a"), shape(g, text)
		g.Expect(odd).To(Equal(plain))
	})
}

// unseen is what must not be shown as it is.
var unseen = regexp.MustCompile(`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]`)

// shape shows a text in all places, and gives the elements of the pages with the names of their attributes.
func shape(g *WithT, text string) (elements []string) {
	d := desk.New(desk.Config{})
	service := mock.NewService(mock.WithControl(desk.ExchangesPath, d.Exchanges), blaming(func(*mock.Exchange) string { return text }),
		mock.WithObserver(func(x *mock.Exchange) { x.Fault = "f" + text }))
	handler := d.Around(service, service)
	show := func(path string) string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		g.Expect(w.Code).To(Equal(http.StatusOK))
		return w.Body.String()
	}
	g.Expect(service.Store().Add(store.Snapshot{ID: "i" + text, State: creating, Facts: store.Facts{Name: "n" + text}})).To(Succeed())
	request := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader("b"+text))
	request.Header = http.Header{contract.HeaderAction: {"a" + text}, "X-Odd": {text}, "User-Agent": {text}}
	handler.ServeHTTP(httptest.NewRecorder(), request)

	for _, path := range []string{"/", "/desk/exchanges/1"} {
		tokens := html.NewTokenizer(strings.NewReader(show(path)))
		for tokens.Next() != html.ErrorToken {
			token := tokens.Token()
			if token.Type == html.TextToken {
				g.Expect(strings.ReplaceAll(token.Data, "\n", "")).NotTo(MatchRegexp(unseen.String()))
				continue
			}
			element := token.Type.String() + " " + token.Data
			for _, attribute := range token.Attr {
				element += " " + attribute.Key
				if attribute.Key == "href" || attribute.Key == "action" {
					g.Expect(attribute.Val).To(Or(HavePrefix("/"), HavePrefix("#")))
				}
			}
			if element != "StartTag wbr" { // where a line may be broken
				elements = append(elements, element)
			}
		}
	}
	told := show(mock.TestbedPath + desk.ExchangesPath)
	g.Expect(json.Valid([]byte(told))).To(BeTrue())
	g.Expect(strings.TrimSuffix(told, "\n")).NotTo(MatchRegexp(unseen.String()))
	return elements
}
