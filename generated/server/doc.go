// With [NewStrictHandler] and [Handler], an implementation of [StrictServerInterface] is an http.Handler for net/http: requests
// come to it as the types of generated/api, and what it returns is written as openapi.yaml has it. What it cannot tell by the
// types, such as how many snapshots a call may name, the implementation has to look at.
package server
