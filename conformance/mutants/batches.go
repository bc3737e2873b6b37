package mutants

// batches: BATCH-1 to BATCH-5.
func batches() []Variant {
	return []Variant{}
}
