package mutants

// envelopes: ENV-1 to ENV-6.
func envelopes() []Variant {
	return []Variant{}
}
