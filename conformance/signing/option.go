package signing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// Option has a generated client prove with every request who is asking. Each is signed when it is about to be sent: what
// is given to a single call to edit its request comes later still, and must leave body, host and Content-Type alone.
func (c Credentials) Option() api.ClientOption {
	return api.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		body, err := bodyOf(request)
		if err != nil {
			return fmt.Errorf("the request cannot be signed, since its body cannot be read: %w", err)
		}
		c.Sign(request, body, time.Now())
		return nil
	})
}

// bodyOf reads the body of a request that is still to be sent.
func bodyOf(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	if request.GetBody != nil {
		again, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		defer again.Close()
		return io.ReadAll(again)
	}
	// A body that can be read once: what was read takes its place.
	defer request.Body.Close()
	body, err := io.ReadAll(request.Body)
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Body, _ = request.GetBody()
	request.ContentLength = int64(len(body))
	return body, err
}
