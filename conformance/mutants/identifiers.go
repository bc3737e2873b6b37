package mutants

// identifiers: what ids look like.
func identifiers() []Variant {
	return []Variant{}
}
