package mock

// Together is several options as one.
func Together(changes ...Option) Option {
	return func(o *options) {
		for _, change := range changes {
			change(o)
		}
	}
}
