package mutants

import (
	"fmt"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// languages: what messages say.
func languages() []Variant {
	saying := func(message func(c *call) string) behaviour {
		return answered(func(_ *Server, c *call) {
			c.edit(func(body map[string]any) {
				if body[contract.FieldCode] != nil {
					body[contract.FieldMessage] = message(c)
				}
			})
		})
	}
	always := func(message string) behaviour { return saying(func(*call) string { return message }) }
	return []Variant{
		{Name: "says-it-in-chinese", Does: "says what is wrong in Chinese", serve: always("快照不存在或状态不允许删除，请稍后重试。")},
		{Name: "says-it-in-arabic", Does: "says what is wrong in Arabic, from right to left", serve: always("\u202bاللقطة غير موجودة\u202c")},
		{Name: "says-it-in-pictures", Does: "says what is wrong in pictures", serve: always("📷🚫👨‍👩‍👧🏽🇩🇪")},
		{Name: "says-it-at-length", Does: "says what is wrong in ten thousand words", serve: always(strings.Repeat("no ", 10_000))},
		{Name: "says-it-in-quotes", Does: "says what is wrong with quotes and backslashes", serve: always("\"'`\\\\\" \\u0041 \\n %s ${no}")},
		{Name: "says-it-in-html", Does: "says what is wrong in HTML", serve: always("<b>no</b> &amp; <script>alert(1)</script><!--")},
		{Name: "says-it-in-lines", Does: "says what is wrong in several lines, with other control characters", serve: always("no\r\n\tno\n\x00\x1b[2J\u2028no\n")},
		{
			Name: "says-which", Does: "says which ids are wrong, and repeats the whole request",
			serve: saying(func(c *call) string { return fmt.Sprintf("no: %v, in %q", c.ids, c.body) }),
		},
	}
}
