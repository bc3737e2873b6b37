package report

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Numbered gives the path for one of several reports: report.json becomes report-1.json. What is no file, like a pipe or
// /dev/stdout, takes them all, one after the other.
func Numbered(path string, number int) string {
	if Stream(path) {
		return path
	}
	extension := filepath.Ext(path)
	return strings.TrimSuffix(path, extension) + "-" + strconv.Itoa(number) + extension
}
