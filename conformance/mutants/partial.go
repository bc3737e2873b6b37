package mutants

// partialFailures: PART-1 to PART-3.
func partialFailures() []Variant {
	return []Variant{}
}
