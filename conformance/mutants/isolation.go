package mutants

// isolation: ISO-1.
func isolation() []Variant {
	return []Variant{}
}
