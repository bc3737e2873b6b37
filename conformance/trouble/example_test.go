package trouble_test

import (
	"fmt"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
)

// The trouble of a mock is changed while it runs. A test gives the option to mock.New.
func Example() {
	made, err := trouble.New(1, trouble.Settings{Settle: 3 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	service := mock.NewService(made.Option())
	ids := service.Create(contract.Normal, 1)

	// From here on, every second answer is lost when the work is done.
	err = made.Set(trouble.Settings{Faults: []trouble.Fault{{Name: "reset-after", Rate: 0.5}}})
	fmt.Println(len(ids), err, made.Settings().Faults)

	made.Clear()
	fmt.Println(made.Settings().Faults)
	// Output:
	// 1 <nil> [{reset-after 50%}]
	// []
}
