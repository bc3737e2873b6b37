package mutants

// timing: when things happen.
func timing() []Variant {
	return []Variant{}
}
