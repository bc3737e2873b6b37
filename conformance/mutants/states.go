package mutants

// states: STATE-1 to STATE-4.
func states() []Variant {
	return []Variant{}
}
