// Package redact takes secrets out of texts that somebody else had a hand in.
//
// Whoever was told a secret may repeat it, in another case, escaped, or in part, and what repeats it may have been cut
// since. So a text is searched for parts of a secret, as it stands and with its escapes undone.
package redact

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
)

// Mark stands where a secret was.
const Mark = "REDACTED"

// Part is how many bytes of a secret in a row are not shown: as many as fit in a word, and rare in other texts. A secret
// that is shorter is not shown as a whole.
const Part = 8

const (
	some      = 16      // digits of a signature that are not to be shown: what is made by chance agrees in fewer
	shortest  = 4       // bytes of a name that is looked for: a shorter one would be found everywhere
	deepest   = 2       // escapes within escapes that are undone
	mostKnown = 1 << 15 // signatures that are remembered, the latest
)

// Redactor knows what must not be shown. It may be used by several goroutines. A nil Redactor knows nothing.
type Redactor struct {
	known func() *known // a function, since nothing that prints a redactor prints what that holds
}

type known struct {
	mu         sync.RWMutex
	parts      map[uint64]bool   // every part of every long secret
	sieve      sieve             // lets every part through, and little else
	wholes     []string          // what is to be found as a whole
	signatures map[uint64]string // by their first part
	order      []uint64          // of the signatures, as a ring
	oldest     int
}

// New gives a redactor that knows these secrets. An empty one is none.
func New(secrets ...string) *Redactor {
	k := &known{parts: map[uint64]bool{}, signatures: map[uint64]string{}}
	r := &Redactor{known: func() *known { return k }}
	r.Secret(secrets...)
	return r
}

// Secret tells of more secrets. Long ones are not shown in part either.
func (r *Redactor) Secret(secrets ...string) {
	k := r.known()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range secrets {
		for _, spelled := range spellings(secret) {
			if len(spelled) < Part {
				k.wholes = append(k.wholes, spelled)
			}
			for i := Part; i <= len(spelled); i++ {
				w := word(spelled[i-Part : i])
				k.parts[w] = true
				k.sieve.add(w)
			}
		}
	}
}

// Name tells of texts that give nothing away, but are not to be shown either, such as the id of a key. Only the whole is
// looked for, and nothing that is as short as a word of which other texts are full.
func (r *Redactor) Name(names ...string) {
	k := r.known()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, name := range names {
		if len(name) >= shortest {
			k.wholes = append(k.wholes, spellings(name)...)
		}
	}
}

// Signature tells of a signature that is about to be sent, in hexadecimal digits. There is a new one with every request, and
// so the earliest are forgotten when there are too many.
func (r *Redactor) Signature(signature string) {
	if r == nil || len(signature) < some {
		return
	}
	signature = string(folded([]byte(signature)))
	first := word(signature[:Part])
	k := r.known()
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, told := k.signatures[first]; !told {
		if len(k.order) < mostKnown {
			k.order = append(k.order, first)
		} else {
			delete(k.signatures, k.order[k.oldest])
			k.order[k.oldest] = first
			k.oldest = (k.oldest + 1) % mostKnown
		}
	}
	k.signatures[first] = signature
}

// Replace gives the text with a mark in place of everything in it that must not be shown.
func (r *Redactor) Replace(text string) string {
	if r == nil || text == "" {
		return text
	}
	k := r.known()
	k.mu.RLock()
	defer k.mu.RUnlock()
	if len(k.parts)+len(k.wholes)+len(k.signatures) == 0 {
		return text
	}
	found := k.search(nil, view{text: []byte(text)}, deepest)
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	var shown strings.Builder
	end := -1 // of what has been replaced
	for _, s := range found {
		if s.from > end {
			shown.WriteString(text[max(end, 0):s.from])
			shown.WriteString(Mark)
		}
		end = max(end, s.to)
	}
	shown.WriteString(text[end:])
	return shown.String()
}

// search looks through a text, and through what it comes to when escapes are undone, of one kind and another.
func (k *known) search(found []span, v view, depth int) []span {
	found = k.scan(found, v)
	if depth == 0 {
		return found
	}
	for _, kind := range escapes {
		if plain, changed := v.undo(kind); changed {
			found = k.search(found, plain, depth-1)
		}
	}
	return found
}

// scan looks through a text as it stands.
func (k *known) scan(found []span, v view) []span {
	text := folded(v.text)
	var window uint64
	digits := 0 // hexadecimal ones in a row
	for i, b := range text {
		window = window<<8 | uint64(b)
		if digits++; !('0' <= b && b <= '9' || 'a' <= b && b <= 'f') {
			digits = 0
		}
		start := i + 1 - Part
		if start >= 0 && k.sieve.passes(window) && k.parts[window] {
			found = with(found, v.span(start, i+1))
		}
		if digits >= Part {
			if signature, told := k.signatures[window]; told {
				if n := common(signature, text[start:]); n >= some {
					found = with(found, v.span(start, start+n))
				}
			}
		}
	}
	for _, whole := range k.wholes {
		for at := 0; ; {
			i := bytes.Index(text[at:], []byte(whole))
			if i < 0 {
				break
			}
			found = with(found, v.span(at+i, at+i+len(whole)))
			at += i + len(whole)
		}
	}
	return found
}

// sieve tells fast of most words that they were not added.
type sieve [1 << 10]uint64

func (s *sieve) bit(w uint64) (at, mask uint64) {
	hash := w * 0x9e3779b97f4a7c15 >> 48
	return hash >> 6, 1 << (hash & 63)
}

func (s *sieve) add(w uint64) {
	at, mask := s.bit(w)
	s[at] |= mask
}

func (s *sieve) passes(w uint64) bool {
	at, mask := s.bit(w)
	return s[at]&mask != 0
}

// with adds a span, which often goes on where the last one ends.
func with(found []span, s span) []span {
	if last := len(found) - 1; last >= 0 && found[last].from <= s.from && s.from <= found[last].to {
		found[last].to = max(found[last].to, s.to)
		return found
	}
	return append(found, s)
}

// common tells how many bytes two texts have in common at their beginnings.
func common(a string, b []byte) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// word is a part as one number.
func word(text string) (w uint64) {
	for i := range Part {
		w = w<<8 | uint64(text[i])
	}
	return w
}

// folded gives a text in which case does not matter, and a plus is a space, as in the query of a URL.
func folded(text []byte) []byte {
	text = bytes.Clone(text)
	for i, b := range text {
		switch {
		case 'A' <= b && b <= 'Z':
			text[i] = b + 'a' - 'A'
		case b == '+':
			text[i] = ' '
		}
	}
	return text
}

// spellings are the forms of a secret that no undoing of escapes leads back from, folded.
func spellings(secret string) []string {
	if secret = strings.TrimSpace(secret); secret == "" { // a header has no space around it
		return nil
	}
	var latin1 strings.Builder // taken for Latin-1, as some servers take a header, and written as UTF-8
	for _, b := range []byte(secret) {
		latin1.WriteRune(rune(b))
	}
	all := []string{secret, strings.ToLower(secret), strings.ToUpper(secret), latin1.String()}
	for before := range 3 {
		// In Base64, a text looks different for what stands before it, and its ends for what stands around it.
		padded := append(make([]byte, before), secret...)
		first, last := (8*before+5)/6, 8*len(padded)/6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if last-first >= Part {
				all = append(all, alphabet.EncodeToString(padded)[first:last])
			}
		}
	}
	for i, spelled := range all {
		all[i] = string(folded([]byte(spelled)))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
