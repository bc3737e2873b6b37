package browser

import (
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
)

// Look has the page seen in a colour scheme, light or dark, in so many pixels of width, without motion.
func (b *Tab) Look(scheme string, width int64) {
	b.t.Helper()
	Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	Call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1})
}

// Told is what a browser tells a screen reader of the page, each as its role and its name: "button: Copy".
func (b *Tab) Told() (told []string) {
	b.t.Helper()
	for _, node := range Call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if !node.Ignored {
			told = append(told, text(node.Role)+": "+text(node.Name))
		}
	}
	return told
}

func text(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	return strings.TrimSpace(strings.Trim(string(value.Value), `"`))
}

// Faint gives the texts that stand out from what is behind them less than WCAG's level AA has it, 4.5 to 1.
func (b *Tab) Faint() []string {
	b.t.Helper()
	return Eval[[]string](b, `(() => {
  const parts = color => color.match(/[\d.]+/g).map(Number);
  const light = color => parts(color).slice(0, 3).map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const middle = e => { const { x, width } = e.getBoundingClientRect(); return x + width / 2; };
  const over = e => { const r = e.previousElementSibling; return r?.tagName === "rect" && Math.abs(middle(r) - middle(e)) < 1 && r; }; // in a drawing
  const behind = e => { if (over(e)) return getComputedStyle(over(e)).fill; for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; } return "rgb(255, 255, 255)"; };
  return [...document.body.querySelectorAll("*")].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() && e.tagName !== "NOSCRIPT").map(e => {
    const [a, b] = [light(e.ownerSVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
    return [(a + .05) / (b + .05), e.textContent];
  }).filter(([ratio]) => ratio < 4.5).map(([ratio, text]) => ratio.toFixed(2) + " " + text);
})()`)
}
