package mutants

import "strings"

// requests: REQ-1 to REQ-7.
func requests() []Variant {
	return []Variant{
		{
			Name: "folds-case", Rules: []string{"REQ-7"}, Does: "takes an id in upper case for the one in lower case",
			serve: func(s *Server, c *call) {
				if c.ids == nil {
					s.pass(c)
					return
				}
				for i, id := range c.ids {
					c.ids[i] = strings.ToLower(id)
				}
				s.passIDs(c, c.ids)
			},
		},
	}
}
