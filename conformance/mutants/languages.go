package mutants

// languages: what messages say.
func languages() []Variant {
	return []Variant{}
}
