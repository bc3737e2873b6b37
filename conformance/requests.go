package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// requests: REQ-1 to REQ-9, what is taken for a request and what is not.
func (s *suite) requests() {
	It("takes the request as it is documented", Rule("REQ-1"), Catches("warms-up"), func(ctx SpecContext) {
		ids := s.Make(ctx, contract.Normal, 2)
		s.ExpectPermitted(s.Delete(ctx, ids, "REQ-1"))
	})

	It("takes the same request spelled with other white space and escapes", Rule("REQ-1"), Catches("wants-compact-json", "leaves-escapes"), func(ctx SpecContext) {
		ids := s.Make(ctx, contract.Normal, 2)
		spread := fmt.Sprintf("\r\n{\n\t%q :\n  [ %q ,\n    %q ]\n}\n", contract.FieldSnapshotIDs, ids[0], ids[1])
		s.ExpectPermitted(s.DeleteAs(ctx, target.Request{Body: []byte(spread)}, ids, "REQ-1"))

		ids = s.Make(ctx, contract.Normal, 1)
		escaped := fmt.Sprintf(`{%q:["%s"]}`, contract.FieldSnapshotIDs, escape(ids[0]))
		s.ExpectPermitted(s.DeleteAs(ctx, target.Request{Body: []byte(escaped)}, ids, "REQ-1"))
	})

	It("refuses a body without snapshotIds", Rule("REQ-2", "REQ-6"), Catches(
		"absent-is-none", "null-fails", "null-is-latest", "null-is-oldest", "absent-is-a-wrong-value",
	), func(ctx SpecContext) {
		kept, _ := s.withNeighbour(ctx, 2)
		bodies := []string{
			`{}`,
			`{"snapshotIds":null}`,
			fmt.Sprintf(`{"ids":[%q]}`, kept[0]),
			fmt.Sprintf(`{"snapshotId":%q,"snapshots":[%q]}`, kept[0], kept[1]),
			fmt.Sprintf(`{"snapshot_ids":[%q],"snapshotIds[]":[%q],"":[%q]}`, kept[0], kept[1], kept[0]),
			fmt.Sprintf(`{"request":{"snapshotIds":[%q]},"data":{"snapshotIds":[%q]}}`, kept[0], kept[1]),
		}
		s.Again(len(bodies), func(i int) {
			answer := s.Send(ctx, target.Request{Body: []byte(bodies[i])})
			s.Expect("REQ-2", answer).To(BeRefused())
			s.Expect("REQ-4", answer).To(BeSuccessOrRefused())
			s.Expect("REQ-6", answer).To(HaveCode(contract.MissingParameter))
			s.journal.chooseAnswer("answer-without-ids", answer)
			s.ExpectUntouched(answer, kept, "REQ-2")
			s.ExpectUntouched(answer, s.early, "REQ-2")
		})
	})

	It("refuses snapshotIds that is not an array of strings", Rule("REQ-3", "REQ-6"), Catches(
		"takes-text", "takes-the-keys", "takes-numbers-for-none", "skips-null", "deep-lists-fail", "types-are-values", "deletes-the-rest-later",
	), func(ctx SpecContext) {
		kept, _ := s.withNeighbour(ctx, 2)
		a, b := quoted(kept[0]), quoted(kept[1])
		values := []string{
			a, `""`, `"*"`, `1`, `0`, `true`, `false`, `{}`,
			`{"0":` + a + `}`, `{"id":` + a + `}`, `{` + a + `:true}`, `{` + a + `:[` + b + `]}`,
			quoted(kept[0] + "," + kept[1]), quoted(kept[0] + " " + kept[1]), quoted("[" + a + "]"),
			`[null]`, `[1]`, `[true]`, `[{}]`, `[[]]`, `[[` + a + `]]`, `[{"id":` + a + `}]`, `[{` + a + `:1}]`,
			strings.Repeat("[", 64) + a + strings.Repeat("]", 64), strings.Repeat("[", 512) + a + strings.Repeat("]", 512),
		}
		// One member of another type among strings, at the start, in the middle and at the end.
		for _, stranger := range []string{`null`, `1`, `1.5`, `false`, `{}`, `[]`, `[` + b + `]`, `{"id":` + b + `}`} {
			values = append(values, `[`+stranger+`,`+a+`]`, `[`+a+`,`+stranger+`]`, `[`+a+`,`+stranger+`,`+b+`]`)
		}
		huge := []string{`1e999`, `[1e999]`} // numbers beyond what some parsers read, who then cannot tell the type
		values = append(values, huge...)
		s.Again(len(values), func(i int) {
			answer := s.Send(ctx, target.Request{Body: fmt.Appendf(nil, `{%q:%s}`, contract.FieldSnapshotIDs, values[i])})
			s.Expect("REQ-3", answer).To(BeRefused())
			s.Expect("REQ-4", answer).To(BeSuccessOrRefused())
			if !slices.Contains(huge, values[i]) {
				s.Expect("REQ-6", answer).To(HaveCode(contract.WrongType))
			}
			s.journal.chooseAnswer("answer-wrong-type", answer)
			s.ExpectUntouched(answer, kept, "REQ-3")
		})
	})

	It("refuses a long array in which one member is not a string", Rule("REQ-3"), Catches("skips-far-strangers", "skips-a-stranger-at-38"), func(ctx SpecContext) {
		kept := s.Newest(ctx, contract.MaxBatch-1)
		places := []int{0, len(kept) / 2, len(kept)}
		for place := 0; s.amount.everySize && place < len(kept); place++ {
			places = append(places, place)
		}
		s.InLanes(lanes, len(places), func(i int) {
			members := make([]any, 0, contract.MaxBatch)
			for _, id := range kept {
				members = append(members, id)
			}
			members = slices.Insert(members, places[i], []any{7, nil, true}[i%3])
			body, _ := json.Marshal(map[string]any{contract.FieldSnapshotIDs: members}) // strings and the like encode
			answer := s.Send(ctx, target.Request{Body: body})
			s.Expect("REQ-3", answer).To(BeRefused())
			s.ExpectUntouched(answer, kept, "REQ-3")
		})
	})

	It("refuses a body that is empty, not JSON or not an object", Rule("REQ-4"), Catches(
		"trailing-commas", "trims-nul", "empty-body-is-none", "deletes-before-it-reads", "takes-a-list-of-requests", "hangs-up",
	), func(ctx SpecContext) {
		kept, _ := s.withNeighbour(ctx, 2)
		a, b := quoted(kept[0]), quoted(kept[1])
		proper := `{"snapshotIds":[` + a + `]}`
		bodies := []string{
			"", " ", "\n", "\x00", "not JSON", "snapshotIds=" + kept[0], "<snapshotIds>" + kept[0] + "</snapshotIds>",
			"{", "}", "[", `{"snapshotIds"`, `{"snapshotIds":`, `{"snapshotIds":[`, `{"snapshotIds":[` + a, proper[:len(proper)-1],
			proper + " x", proper + "]", proper + "}", proper + proper, proper + `,{"snapshotIds":[` + b + `]}`,
			`{"snapshotIds":[` + a + `,]}`, `{"snapshotIds":[` + a + `],}`, `{"snapshotIds":[` + a + ` ` + b + `]}`,
			`{'snapshotIds':['` + kept[0] + `']}`, `{snapshotIds:[` + a + `]}`, `{"snapshotIds":NaN}`, `/* */` + proper,
			`{"snapshotIds":[,` + a + `]}`, `{,"snapshotIds":[` + a + `]}`, `{"snapshotIds" [` + a + `]}`, `{"snapshotIds"=[` + a + `]}`, `{"snapshotIds":[` + a + `}`,
			`{"snapshotIds":[` + a + `//` + "\n" + `]}`, `{{"snapshotIds":[` + a + `]}}`, `{"snapshotIds":[` + a + `,None]}`, `{"snapshotIds":[` + a + `,"\x41"]}`,
			proper + "\x00", "\x00" + proper, proper + ";", ")]}'\n" + proper, "\x1e" + proper, // no white space, that many trim as they like
			"{\"snapshotIds\":[\"\xff\xfe\"]}", `{"snapshotIds":["\ud800"]}`, "{\"snapshotIds\":[" + a + ",\"\n\"]}",
			base64.StdEncoding.EncodeToString([]byte(proper)), url.QueryEscape(proper),
			`null`, `true`, `0`, `""`, `[]`, `[{}]`, a, `[` + a + `]`, `[` + a + `,` + b + `]`, `["snapshotIds",[` + a + `]]`, `[` + proper + `]`,
			quoted(proper),
		}
		s.Again(len(bodies), func(i int) {
			answer := s.Send(ctx, target.Request{Body: []byte(bodies[i])})
			s.Expect("REQ-4", answer).To(BeRefused())
			s.ExpectUntouched(answer, kept, "REQ-4")
			s.journal.chooseAnswer("answer-malformed", answer)
		})
	})

	It("deletes nothing without an action, or under another one", Rule("REQ-5", "REQ-4", "ISO-1"), Catches(
		"any-action", "any-action-on-snapshots", "any-case-of-the-action", "refuses-actions-late", "deletes-the-newest-for-another-action",
	), func(ctx SpecContext) {
		kept, _ := s.withNeighbour(ctx, 2)
		// None of these is an action that would do harm to an implementation that has more of them.
		actions := []string{
			"", "Nothing", "DescribeSnapshots", "Delete", "Snapshots", contract.Action + "Now", "X" + contract.Action,
			strings.TrimSuffix(contract.Action, "s"), contract.Action + "," + contract.Action + "Now", contract.Action + "%20",
			contract.Action + "s", "Delete_Snapshots", "Delete Snapshots",
			strings.ToLower(contract.Action), strings.ToUpper(contract.Action), // ambiguity letter-case
		}
		s.Again(1+len(actions), func(i int) {
			answer := s.Send(ctx, target.Request{Body: bodyOf(kept), Edit: func(r *http.Request) {
				r.Header.Del(contract.HeaderAction)
				if i < len(actions) {
					r.Header.Set(contract.HeaderAction, actions[i])
				} else { // where it does not belong
					r.Header.Set("Action", contract.Action)
				}
			}})
			s.ExpectUntouched(answer, kept, "REQ-5")
			if i == len(actions) || actions[i] != "DescribeSnapshots" { // which elsewhere is an action of its own
				s.Expect("REQ-4", answer).To(BeRefused())
				s.journal.chooseAnswer("answer-other-action", answer)
			}
		})
	})

	It("takes nothing but a snapshot's own id for it", Rule("REQ-7", "ISO-1"), Catches(
		"folds-case", "folds-case-in-batches", "folds-case-among-several", "trims", "matches-prefixes", "prefix-is-optional", "overlooks-a-character",
		"takes-injections", "quotes-fail", "folds-case-of-denied-ones",
	), func(ctx SpecContext) {
		victims := s.Newest(ctx, 2)
		others := s.Newest(ctx, 2)
		candidates := nearMisses(victims[0], victims[1])
		if s.people.Sparse() {
			candidates = append(candidates, patterns(victims[0])...)
		} else {
			s.journal.omit("REQ-7", "prefixes and wildcards were not tried: the ids count up, so that these might match somebody else's snapshots")
		}
		texts := s.Confirmed(ctx, candidates)
		if untried := len(candidates) - len(texts); untried > 0 {
			s.journal.omit("REQ-7", fmt.Sprintf("%d of %d texts were not tried: the testbed does not confirm that they name nobody's snapshot", untried, len(candidates)))
		}
		s.Again(len(texts), func(i int) {
			alone := s.Delete(ctx, []string{texts[i]}, "REQ-7")
			s.ExpectPermitted(alone)
			s.ExpectUntouched(alone, victims, "REQ-7", "ISO-1")
			s.ExpectUntouched(alone, others, "REQ-7", "ISO-1")
		})
		s.Again(len(texts), func(i int) {
			proper := s.Make(ctx, contract.Normal, 1)
			mixed := s.Delete(ctx, []string{texts[i], proper[0]}, "REQ-7")
			s.ExpectPermitted(mixed)
			s.ExpectUntouched(mixed, victims, "REQ-7", "ISO-1")
		})
		if denied := s.Denied(ctx, 1); len(denied) > 0 {
			texts := s.Harmless(ctx, nearMisses(denied[0], denied[0]))
			s.InLanes(lanes, len(texts), func(i int) { s.ExpectPermitted(s.Delete(ctx, texts[i:i+1], "REQ-7")) })
		}
		// Many at once go another way in some implementations. What could be an id stands apart, since one text that
		// cannot be may have the whole request refused.
		strange := func(text string) bool { return !contract.PlausibleID(text) }
		for _, alike := range [][]string{
			slices.DeleteFunc(slices.Clone(texts), strange),
			slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !strange(text) }),
		} {
			const several = 8
			s.InLanes(lanes, (len(alike)+several-1)/several, func(i int) {
				some := alike[several*i : min(several*(i+1), len(alike))]
				mixed := s.Delete(ctx, slices.Insert(slices.Clone(some), len(some)/2, s.Make(ctx, contract.Normal, 1)...), "REQ-7")
				s.ExpectPermitted(mixed)
				s.ExpectUntouched(mixed, victims, "REQ-7", "ISO-1")
			})
		}
	})

	It("takes a snapshot's own id and other spellings of it for different ones, in one batch", Rule("REQ-7", "PART-1"), Catches("drops-repetitions-by-case"), func(ctx SpecContext) {
		const several = 8
		spellings := func(id string) []string {
			return slices.DeleteFunc(nearMisses(id, id), func(text string) bool { return !contract.PlausibleID(text) })
		}
		own := s.Make(ctx, contract.Normal, 2)
		groups := (len(spellings(own[0])) + several - 1) / several
		own = append(own, s.Make(ctx, contract.Normal, 2*(groups-1))...)
		s.InLanes(lanes, len(own), func(i int) {
			texts := spellings(own[i])
			from := min(several*(i/2), len(texts))
			batch := append(s.Confirmed(ctx, texts[from:min(from+several, len(texts))]), own[i])
			if i%2 == 1 {
				slices.Reverse(batch)
			}
			s.ExpectPermitted(s.Delete(ctx, batch, "REQ-7"))
		})
	})

	It("tells ids apart that a snapshot's own id is part of", Rule("REQ-7"), Catches("looks-for-ids-within"), func(ctx SpecContext) {
		victim := s.Make(ctx, contract.Normal, 1)[0]
		texts := s.Confirmed(ctx, []string{"0" + victim, victim + "0", victim + "-" + victim})
		answer := s.Delete(ctx, append(texts, victim), "REQ-7")
		s.ExpectPermitted(answer)
	})

	It("shows what it makes of an empty list", Rule("REQ-8", "REQ-4", "ISO-1"), Catches(
		"no-ids-fail", "nothing-for-an-empty-list", "text-for-an-empty-list", "empty-list-takes-the-newest",
	), func(ctx SpecContext) {
		kept := s.Newest(ctx, 1)
		answer := s.Send(ctx, target.Request{Body: bodyOf([]string{})})
		s.Expect("REQ-4", answer).To(BeSuccessOrRefused())
		s.ExpectUntouched(answer, kept, "ISO-1")
		if answer.said.Status == http.StatusOK {
			s.journal.choose("empty-list", "success")
		} else if oracle.Refused(answer.said) {
			s.journal.choose("empty-list", "refused")
		}
	})

	It("shows what it makes of an unknown field", Rule("REQ-9", "REQ-4"), Catches("unknown-fields-fail"), func(ctx SpecContext) {
		ids := s.Make(ctx, contract.Normal, 1)
		body := fmt.Sprintf(`{%q:[%q],"x-unknown":{"deep":[1,2,3]}}`, contract.FieldSnapshotIDs, ids[0])
		answer := s.DeleteAs(ctx, target.Request{Body: []byte(body)}, ids)
		s.Expect("REQ-4", answer).To(BeSuccessOrRefused())
		if answer.said.Status == http.StatusOK {
			s.ExpectPermitted(answer)
			s.journal.choose("extra-field", "ignored")
		} else if oracle.Refused(answer.said) {
			s.journal.choose("extra-field", "refused")
		}
	})
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text) // strings always encode
	return string(encoded)
}

// escape spells every character of an ASCII id as a JSON escape.
func escape(id string) string {
	var escaped strings.Builder
	for _, r := range id {
		fmt.Fprintf(&escaped, `\u%04x`, r)
	}
	return escaped.String()
}

// nearMisses gives texts that are not the victims' ids, but that a careless implementation may take for them. None can
// match anything but the victims, even where it is taken for a pattern or for code: a suite that finds out in another
// way that everything can be deleted has deleted everything.
func nearMisses(victim, second string) []string {
	last := len(victim) - 1
	swapped := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, victim)
	wide := strings.Map(func(r rune) rune {
		if r >= '!' && r <= '~' {
			return r - '!' + '！' // the full-width form, which compatibility normalization folds
		}
		return r
	}, victim)

	texts := []string{
		"", " ", "\t", "\x00", "null", "undefined",
		// case
		swapped, strings.ToUpper(victim), strings.ToLower(victim),
		// padding
		" " + victim, victim + " ", " " + victim + " ", "\t" + victim, victim + "\n", victim + "\r\n",
		"\u00a0" + victim, victim + "\u3000", victim + "\x00", "\x00" + victim, victim + "\x00x", victim + "\u200b", "\ufeff" + victim,
		// more than the whole
		victim + "0", victim + "x", "0" + victim, "x" + victim, "+" + victim,
		victim + ".0", victim + victim, victim + "/", "/" + victim, "./" + victim, victim + "#", victim + "?", victim + ";", victim + "&x=1",
		// patterns
		victim[:last] + "[" + victim[last:] + "]", "^" + victim + "$",
		"(" + victim + ")", strings.ReplaceAll(victim, "-", ""), strings.ReplaceAll(victim, "-", "_"), victim[:1] + "-" + victim[1:], victim + "|" + second, "{" + victim + "," + second + "}",
		// lists in one text
		victim + "," + second, victim + " " + second, victim + "\n" + second, victim + ";" + second, quoted(victim), `["` + victim + `"]`,
		// quotes and code that can reach nothing but a victim
		"'" + victim + "'", victim + "'", victim + `"`, victim + "`", victim + "'--", victim + `\`, `\` + victim, victim + "' AND '1'='1", victim + "' OR '1'='2", "${" + victim + "}", "{{" + victim + "}}",
		// encodings
		fmt.Sprintf("%%%02X", victim[0]) + victim[1:], victim + "%20", victim + "%00", fmt.Sprintf("&#%d;", victim[0]) + victim[1:], `\u00` + fmt.Sprintf("%02x", victim[0]) + victim[1:],
		// other scripts
		wide, victim + "\u0301", victim + "é", "\u202e" + victim, "снимок", "快照", "لقطة", "📷", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\ufffd",
	}
	// lengths about and beyond what is plausible, none of which is a prefix of anything
	for _, length := range []int{contract.MaxIDLength + 1, 255, 256, 257, 1024, 5000} {
		texts = append(texts, victim+strings.Repeat("x", max(0, length-len(victim))))
	}
	return inOrder(texts)
}

// inOrder leaves out repetitions.
func inOrder(texts []string) []string {
	var once []string
	for _, text := range texts {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

// mostAlike bounds how many ids are tried that differ from a victim's in one character.
const mostAlike = 40

// otherThan gives another character of the same kind.
func otherThan(c byte) string {
	switch {
	case '0' <= c && c <= '9':
		return string('0' + (c-'0'+1)%10)
	case 'a' <= c && c <= 'z':
		return string('a' + (c-'a'+1)%26)
	case 'A' <= c && c <= 'Z':
		return string('A' + (c-'A'+1)%26)
	case c == '-':
		return "_"
	}
	return "-"
}

// patterns gives parts of a victim's id, ids that differ from it in one character, and wildcards in it. They match ids
// beside the victim's where those are close to each other.
func patterns(victim string) []string {
	last, half := len(victim)-1, len(victim)/2
	texts := []string{victim[:last], victim[1:], victim[:half], victim[half:]}
	for _, separator := range []int{strings.IndexAny(victim, population.Separators), strings.LastIndexAny(victim, population.Separators)} {
		if 0 < separator && separator < last {
			texts = append(texts, victim[separator+1:])
		}
	}
	for place := 0; place < len(victim); place += 1 + len(victim)/mostAlike {
		texts = append(texts, victim[:place]+otherThan(victim[place])+victim[place+1:])
	}
	for _, wildcard := range []string{"*", "?", "%", "_", ".", ".*"} {
		texts = append(texts, victim[:last]+wildcard, victim[:half]+wildcard+victim[half+1:], wildcard+victim[1:])
	}
	return append(texts, victim+"*", victim+"%", "*"+victim, "%"+victim, "%"+victim+"%")
}
