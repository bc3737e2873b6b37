package signing

// Claim reads what an Authorization header says of a signature: whose key made it, the headers that it covers, and what it
// is. It tells whether the header has the documented form, and not whether any of it is true.
func Claim(header string) (keyID string, signed []string, signature string, ok bool) {
	said, err := readClaim(header)
	return said.keyID, said.signed, said.signature, err == nil
}
