package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/zec-conformance/deletesnapshots/generated/spec"
)

// contents is the document, taken apart.
type contents struct {
	spec        *openapi3.T
	rules       []Rule
	places      map[string]int // of the rules, by their ids; below zero, so that the rules of other contracts come last
	callerRules []CallerRule
	sources     []Source
	ambiguities []Ambiguity
	silences    []Silence
	errors      []Error
	auth        struct {
		CodePrefix          string   `json:"codePrefix"`
		MaxClockSkewSeconds int      `json:"maxClockSkewSeconds"`
		SignedHeaders       []string `json:"signedHeaders"`
	}

	path, host, contentType, authorization        string
	production                                    []string
	action, version, serviceName, signatureMethod string
	versions                                      []string
	headers                                       map[string]string           // by role
	sent                                          map[string]*openapi3.Schema // what stands in the headers, by role
	request, requestID                            *openapi3.Schema
	maxBatch, maxIDLength                         int
	idPattern, usualRequestID                     *regexp.Regexp
	idLetters                                     letters
	states                                        []State
	deletable, leaving                            State
	aliases                                       map[string]State
}

// domainName is the one spelling in which domains are compared.
var domainName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// Problems tells why Go code could not be built on a document, one problem a line; none if it could. It is for documents that
// are compared, and that somebody else may have written.
func Problems(doc *openapi3.T) []string {
	_, err := take(doc)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func read() (contents, error) {
	doc, err := spec.GetSpec()
	if err != nil {
		return contents{}, fmt.Errorf("read the embedded document: %w", err)
	}
	return take(doc)
}

// take reads every part of the document that Go code uses, and reports all that it misses.
func take(doc *openapi3.T) (contents, error) {
	c := contents{spec: doc}
	err := errors.Join(
		extension(doc.Extensions, "x-rules", &c.rules),
		extension(doc.Extensions, "x-caller-rules", &c.callerRules),
		extension(doc.Extensions, "x-sources", &c.sources),
		extension(doc.Extensions, "x-ambiguities", &c.ambiguities),
		extension(doc.Extensions, "x-silences", &c.silences),
		extension(doc.Extensions, "x-errors", &c.errors),
		extension(doc.Extensions, "x-authentication", &c.auth),
		c.takeOperation(doc),
		c.takeSchemas(doc),
	)
	if err == nil {
		err = c.complete()
	}
	c.places = map[string]int{}
	for i, rule := range c.rules {
		c.places[rule.ID] = i - len(c.rules)
	}
	return c, err
}

// complete finds what the document leaves empty: Go code would go on with an empty name or pattern and not notice.
func (c *contents) complete() error {
	var missing []string
	for what, text := range map[string]string{
		"an action": c.action, "a version": c.version, "a signature method": c.signatureMethod, "the service's name": c.serviceName,
		"a content type": c.contentType, "a host": c.host, "a header for the signature": c.authorization, "a pattern for ids": c.idPattern.String(),
		"what codes for refused authentication begin with": c.auth.CodePrefix,
	} {
		if text == "" {
			missing = append(missing, what)
		}
	}
	if c.auth.MaxClockSkewSeconds <= 0 {
		missing = append(missing, "how far clocks may be apart")
	}
	if len(c.production) == 0 {
		missing = append(missing, "a production domain")
	}
	if !slices.Contains(c.states, c.deletable) || !slices.Contains(c.states, c.leaving) {
		missing = append(missing, "the deletable state, or that of a pending deletion, among the states")
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("the document lacks %s", strings.Join(missing, "; "))
	}
	return nil
}

func (c *contents) takeOperation(doc *openapi3.T) error {
	paths := slices.Collect(maps.Keys(doc.Paths.Map()))
	if len(paths) != 1 || doc.Paths.Value(paths[0]).Post == nil {
		return fmt.Errorf("the document has to describe one path with one POST, and has %q", paths)
	}
	c.path = paths[0]
	operation := doc.Paths.Value(c.path).Post
	var scheme *openapi3.SecuritySchemeRef
	if doc.Components != nil {
		scheme = doc.Components.SecuritySchemes["signature"]
	}
	if len(doc.Servers) == 0 || operation.RequestBody == nil || scheme == nil {
		return errors.New("the document needs a server, a request body and the security scheme signature")
	}

	server, err := url.Parse(doc.Servers[0].URL)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	c.host = server.Host
	if err := extension(doc.Servers[0].Extensions, "x-production-domains", &c.production); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	for _, domain := range c.production {
		if !domainName.MatchString(domain) {
			return fmt.Errorf("server: x-production-domains has %q; spell domains small, without dots around them", domain)
		}
	}

	c.headers, c.sent = map[string]string{}, map[string]*openapi3.Schema{}
	for _, parameter := range operation.Parameters {
		if parameter.Value.Extensions["x-role"] == nil {
			continue // no Go code asks for it
		}
		var role string
		if err := extension(parameter.Value.Extensions, "x-role", &role); err != nil {
			return fmt.Errorf("header %s: %w", parameter.Value.Name, err)
		}
		c.headers[role] = parameter.Value.Name
		if parameter.Value.Schema != nil {
			c.sent[role] = meant(parameter.Value.Schema)
		}
	}
	if service := c.sent["service"]; service != nil {
		c.serviceName, _ = service.Example.(string)
	}
	for mediaType, content := range operation.RequestBody.Value.Content {
		if content.Schema == nil {
			return fmt.Errorf("the request body has no schema for %s", mediaType)
		}
		c.contentType, c.request = mediaType, meant(content.Schema)
	}
	if success := operation.Responses.Status(200); success != nil {
		for _, content := range success.Value.Content {
			if content.Schema != nil && meant(content.Schema).Properties[FieldRequestID] != nil {
				c.requestID = meant(meant(content.Schema).Properties[FieldRequestID])
			}
		}
	}
	c.authorization = scheme.Value.Name
	return nil
}

// takeSchemas finds what requests and answers are made of where it is used, whatever it is called, and by its name what only
// the project uses.
func (c *contents) takeSchemas(doc *openapi3.T) error {
	if c.request == nil {
		return nil // takeOperation tells why
	}
	values := func(role string) (all []string) {
		if c.sent[role] != nil {
			for _, value := range c.sent[role].Enum {
				all = append(all, fmt.Sprint(value))
			}
		}
		return append(all, "") // the first is asked for
	}
	c.action, c.version, c.signatureMethod = values("action")[0], values("version")[0], values("signatureMethod")[0]
	c.versions = slices.DeleteFunc(values("version"), func(text string) bool { return text == "" })

	ids := &openapi3.Schema{}
	if c.request.Properties[FieldSnapshotIDs] != nil {
		ids = meant(c.request.Properties[FieldSnapshotIDs])
	}
	if ids.MaxItems == nil || ids.Items == nil || meant(ids.Items).MaxLength == nil {
		return errors.New("the request has no bounded list of bounded ids")
	}
	id := meant(ids.Items)
	c.maxBatch, c.maxIDLength = int(*ids.MaxItems), int(*id.MaxLength)
	var err error
	if c.idPattern, err = regexp.Compile(id.Pattern); err != nil {
		return fmt.Errorf("the pattern of ids: %w", err)
	}
	c.idLetters = lettersOf(id.Pattern)

	var usual string
	if c.requestID == nil {
		return errors.New("a success has no " + FieldRequestID)
	}
	if err := extension(c.requestID.Extensions, "x-usual-pattern", &usual); err != nil {
		return err
	}
	if c.usualRequestID, err = regexp.Compile(usual); err != nil {
		return fmt.Errorf("the usual form of request ids: %w", err)
	}

	state := &openapi3.Schema{}
	if doc.Components != nil && doc.Components.Schemas["SnapshotState"] != nil {
		state = doc.Components.Schemas["SnapshotState"].Value
	}
	for _, value := range state.Enum {
		c.states = append(c.states, State(fmt.Sprint(value)))
	}
	return errors.Join(
		extension(state.Extensions, "x-deletable", &c.deletable),
		extension(state.Extensions, "x-deletion-pending", &c.leaving),
		extension(state.Extensions, "x-aliases", &c.aliases),
	)
}

// meant gives a schema, or the one that it consists of, where that is all it is: words cannot stand beside a reference.
func meant(ref *openapi3.SchemaRef) *openapi3.Schema {
	if schema := ref.Value; len(schema.AllOf) == 1 && schema.Type == nil {
		return schema.AllOf[0].Value
	}
	return ref.Value
}

// header gives the name of the header with that role.
func (c contents) header(role string) string {
	name, ok := c.headers[role]
	if !ok {
		panic(fmt.Sprintf("openapi.yaml has no header with x-role %s", role))
	}
	return name
}

// errorFor gives the error with that role.
func (c contents) errorFor(role string) Error {
	for _, e := range c.errors {
		if e.Role == role {
			return e
		}
	}
	panic(fmt.Sprintf("openapi.yaml has no x-errors entry with role %s", role))
}

// extension decodes one extension strictly: a member that Go code does not know is a slip of the pen.
func extension(extensions map[string]any, name string, into any) error {
	raw := extensions[name]
	if raw == nil { // or null, which is nothing to go by either
		return fmt.Errorf("%s is missing", name)
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
