package conformance_test

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented is a package as "go doc" shows it.
type documented struct {
	*doc.Package
	files []*ast.File
}

// packages reads the packages of the repository that people import, generated ones included, without what is a test's.
func packages(t *testing.T) map[string]documented {
	t.Helper()
	found := map[string]documented{}
	for _, root := range []string{".", "../generated"} {
		err := filepath.WalkDir(root, func(folder string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil || !entry.IsDir():
				return err
			case entry.Name() == "testdata":
				return filepath.SkipDir
			}
			read, err := readPackage(folder)
			if err == nil && read.Package != nil {
				found[folder] = read
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func readPackage(folder string) (documented, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return documented{}, err
	}
	var files []*ast.File
	places := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(places, path, nil, parser.ParseComments)
		if err != nil {
			return documented{}, err
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return documented{}, nil
	}
	p, err := doc.NewFromFiles(places, files, path.Join(module, "conformance", filepath.ToSlash(folder)), doc.PreserveAST)
	return documented{p, files}, err
}

const module = "github.com/zec-conformance/deletesnapshots"

// said calls back with every exported name and what is said of it. What is declared in a group is covered by what is said of
// the group, or behind the name.
func (d documented) said(tell func(name, text string)) {
	tell("package "+d.Name, d.Doc)
	values := func(all []*doc.Value) {
		for _, value := range all {
			for _, spec := range value.Decl.Specs {
				spec := spec.(*ast.ValueSpec)
				for _, name := range spec.Names {
					if name.IsExported() {
						tell(name.Name, value.Doc+spec.Doc.Text()+spec.Comment.Text())
					}
				}
			}
		}
	}
	functions := func(of string, all []*doc.Func) {
		for _, function := range all {
			tell(of+function.Name, function.Doc)
		}
	}
	values(d.Consts)
	values(d.Vars)
	functions("", d.Funcs)
	for _, one := range d.Types {
		tell(one.Name, one.Doc)
		values(one.Consts)
		values(one.Vars)
		functions("", one.Funcs)
		functions(one.Name+".", one.Methods)
	}
}

// generated tells whether a tool has written the package, or most of it.
func (d documented) generated() bool {
	for _, file := range d.files {
		if ast.IsGenerated(file) {
			return true
		}
	}
	return false
}

// known are the methods that everybody knows from fmt and errors.
var known = []string{"Error", "String", "Unwrap"}

func TestEverythingThatIsExportedIsExplained(t *testing.T) {
	t.Parallel()
	for folder, one := range packages(t) {
		one.said(func(name, text string) {
			_, method, _ := strings.Cut(name, ".")
			if strings.TrimSpace(text) == "" && !slices.Contains(known, method) && (!one.generated() || strings.HasPrefix(name, "package ")) {
				t.Errorf("%s: nothing says what %s is for", folder, name)
			}
		})
	}
}

// link is how a comment leads to something else: [Name], [Type.Method], [package.Name]. Names that are not exported are none.
var link = regexp.MustCompile(`\[\*?([a-z][\w/]*\.)?[A-Z]\w*(\.\w+)?\]`)

// TestLinksInCommentsLeadSomewhere: what "go doc" cannot resolve, it leaves as text.
func TestLinksInCommentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	for folder, one := range packages(t) {
		if one.generated() {
			continue
		}
		parser := one.Parser()
		one.said(func(name, text string) {
			for _, block := range parser.Parse(text).Content {
				if paragraph, is := block.(*comment.Paragraph); is {
					for _, part := range paragraph.Text {
						if plain, is := part.(comment.Plain); is && link.MatchString(string(plain)) {
							t.Errorf("%s: what is said of %s has %s, which leads nowhere", folder, name, link.FindString(string(plain)))
						}
					}
				}
			}
		})
	}
}
