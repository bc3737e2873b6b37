package gentle

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestAsked bounds what a host can ask for.
const longestAsked = time.Hour

// RetryAfter tells how long a host asks to be left alone: in seconds or until a date, and zero where it does not say.
func RetryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	// A number that is out of range comes as the nearest one that is not.
	if seconds, err := strconv.Atoi(text); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(max(0, min(seconds, int(longestAsked/time.Second)))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(time.Until(at), longestAsked))
	}
	return 0
}
