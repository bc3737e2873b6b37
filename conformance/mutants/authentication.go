package mutants

// authentication: AUTH-1. The mock takes any credentials; these take only some, and not as the contract has it.
func authentication() []Variant {
	return []Variant{}
}
