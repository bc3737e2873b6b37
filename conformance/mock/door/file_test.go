package door_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadKeys(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	keys, err := door.ReadKeys(written(t, `# who is let in
- {id: owner, password: "p: w"}
- id: reader
  password: 0123
  actions: [DescribeSnapshots]
- {token: 1e3}
- {token: true, actions: []}
- {"id": "json", "password": "\u0041"}
`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys).To(Equal([]door.Key{
		{Credentials: signing.Credentials{KeyID: "owner", Secret: "p: w"}},
		{Credentials: signing.Credentials{KeyID: "reader", Secret: "0123"}, Actions: []string{"DescribeSnapshots"}},
		{Credentials: signing.Credentials{Token: "1e3"}},
		{Credentials: signing.Credentials{Token: "true"}, Actions: []string{}},
		{Credentials: signing.Credentials{KeyID: "json", Secret: "A"}},
	}))
}

// TestReadKeysSaysWhereAndRepeatsNothing of what is in a file: hunter2 is the secret in each.
func TestReadKeysSaysWhereAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, why string }{
		"nothing":               {"", "it is empty"},
		"a remark":              {"# hunter2\n", "it is empty"},
		"an empty list":         {"[]", "line 1: the list has no key in it"},
		"null":                  {"~", "line 1: this is no list"},
		"a text":                {"hunter2", "line 1: this is no list"},
		"one key":               {"id: a\npassword: hunter2\n", "line 1: this is no list"},
		"a list of texts":       {"- hunter2\n", "line 1: this is no key of the form"},
		"a list of lists":       {"-\n- [hunter2]\n", "line 1: this is no key of the form"},
		"no YAML":               {"- {id: a,\n- hunter2", "it is neither YAML nor JSON"},
		"a tab":                 {"- id: a\n\tpassword: hunter2\n", "line 2: it is neither YAML nor JSON"},
		"an unknown alias":      {"- {id: a, password: *hunter2}\n", "it is neither YAML nor JSON"},
		"an alias":              {"- {id: &hunter2 a, password: b}\n- {id: b, password: *hunter2}\n", "line 2: this is no text"},
		"a second document":     {"- {token: a}\n---\n- {token: hunter2}\n", "something after the list"},
		"an unknown member":     {"- id: a\n  hunter2: b\n", "line 2: this member is none of id, password, token and actions"},
		"a member twice":        {"- id: a\n  password: hunter2\n  password: hunter2\n", "line 3"},
		"no password":           {"- {token: hunter2}\n- id: a\n", "line 2: this key has no password"},
		"a password of nothing": {"- {id: a, password: }\n", "line 1: this key has no password"},
		"no id":                 {"- {password: hunter2}\n", "line 1: this key has no id"},
		"an empty key":          {"- {}\n", "line 1: this key has neither"},
		"both":                  {"- {id: a, password: b, token: hunter2}\n", "line 1: this key has both"},
		"a line end":            {"- id: a\n  password: |\n    hunter2\n", "line 1: this key has a password with a line end"},
		"a control":             {"- {id: a, password: \"hunter2\\e[2J\"}\n", "control character"},
		"a space":               {"- {token: hunter2 hunter2}\n", "line 1: this key has an id or a token that cannot be sent"},
		"another script":        {"- {token: пароль-hunter2}\n", "cannot be sent"},
		"an id twice":           {"- {id: a, password: hunter2}\n- {token: b}\n- {id: a, password: c}\n", "line 3: this key is there twice"},
		"a token twice":         {"- {token: hunter2}\n- {token: hunter2}\n", "line 2: this key is there twice"},
		"a list for a password": {"- {id: a, password: [hunter2]}\n", "line 1: this is no text"},
		"one action":            {"- {token: a, actions: hunter2}\n", "line 1: actions have to be a list"},
		"no actions":            {"- {token: a, actions: }\n", "line 1: actions have to be a list"},
		"an action of nothing":  {"- {token: a, actions: [hunter2, ~]}\n", "line 1: this is the name of no action"},
		"a lot":                 {"# hunter2" + strings.Repeat(" ", 1<<20), "longer than 1048576 bytes"},
		"depth":                 {strings.Repeat("[", 100_000), "it is neither YAML nor JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			path := written(t, row.text)
			_, err := door.ReadKeys(path)
			g.Expect(err).To(MatchError(And(ContainSubstring(row.why), Not(ContainSubstring("hunter2")), Not(ContainSubstring("\n")))))
			g.Expect(err).To(MatchError(ContainSubstring(`the file "` + path + `"`)))
		})
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		_, err := door.ReadKeys(path)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring("cannot be read (")))
	}
}

// FuzzReadKeys: what is taken for keys can all be used, and what is not is refused without repeating it.
func FuzzReadKeys(f *testing.F) {
	const secret = "hunter2"
	for _, seed := range []string{
		"- {id: a, password: SECRET}", "- token: SECRET\n  actions: [a]", "SECRET", "- &a {id: *SECRET}", "- {SECRET: a}", "- !!binary SECRET",
		"%SECRET\n- a", "- {id: a, id: SECRET}", "? SECRET\n: - a", "- {token: \"\\SECRET\"}", "- {<<: {token: SECRET}}", "- !<SECRET> {}",
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "keys.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "SECRET", secret)), 0o600); err != nil {
			t.Fatal(err)
		}
		keys, err := door.ReadKeys(path)
		if err != nil {
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
				t.Error(err)
			}
			return
		}
		if _, err := door.New(door.Config{Policy: door.None, Keys: keys}); err != nil || len(keys) == 0 {
			t.Errorf("%d keys, %v", len(keys), err)
		}
	})
}
