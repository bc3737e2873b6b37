// Package deletesnapshots is the contract of one cloud action, DeleteSnapshots, in a form that can be run.
//
// openapi.yaml is the one source. generated/ holds the client, the server stub and the embedded document that
// are made from it; conformance/ holds the suite that judges an implementation by it.
//
// The tools that this needs are pinned in go.mod and run with "go tool".
package deletesnapshots

//go:generate go tool oapi-codegen -config generated/api/config.yaml openapi.yaml
//go:generate go tool oapi-codegen -config generated/server/config.yaml openapi.yaml
//go:generate go tool oapi-codegen -config generated/spec/config.yaml openapi.yaml
//go:generate go tool oapi-codegen -config conformance/mock/companions/config.yaml conformance/mock/companions/openapi.yaml
//go:generate go run ./conformance/cmd/wire generated/api/wire.gen.go
