// It is openapi.yaml, embedded: [GetSpec] reads it, for programs that validate by it. What the rules and limits are, Go programs
// ask conformance/contract.
package spec
