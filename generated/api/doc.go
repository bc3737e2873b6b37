// With [NewClientWithResponses], Go programs call DeleteSnapshots: it takes the base URL of an implementation, and options such
// as that of conformance/signing, which has it sign. Types, error codes and the names of the headers are those of openapi.yaml.
// A client brings nothing but the standard library and the runtime of oapi-codegen.
package api
