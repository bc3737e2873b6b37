package mutants

// concurrency: CONC-1 and CONC-2.
func concurrency() []Variant {
	return []Variant{}
}
