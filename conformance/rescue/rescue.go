// Package rescue keeps a panic from ending the process: what a run has made has to be released all the same.
package rescue

import "fmt"

// Panic is what something panicked with, in one line. It has no stack: whoever reads it wants to know that there is no
// verdict, and what the run left behind.
type Panic struct{ value any }

func (p *Panic) Error() string {
	return fmt.Sprintf("a fault in the suite or its testbed, a panic: %v", p.value)
}

// Call does something, and gives a panic in it as a *Panic. It is no net for what Ginkgo itself panics with to end a
// check; GinkgoRecover is.
func Call(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &Panic{value}
		}
	}()
	return do()
}
