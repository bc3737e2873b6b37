package mutants

import (
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
	}
}
