package mutants

// transport: how HTTP is spoken.
func transport() []Variant {
	return []Variant{}
}
