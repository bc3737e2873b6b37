package mutants

// errors: ERR-1 and ERR-2.
func errors() []Variant {
	return []Variant{}
}
