package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// judgeAll judges several endpoints, one after the other, and compares them. An interrupt ends the whole, and so does the
// end of the time that it may take.
func (c *command) judgeAll(ctx context.Context, o runOptions, configs []conformance.Config, wanted reports[*report.Report]) error {
	begun := time.Now()
	results := make([]*report.Report, len(configs))
	var failures []error
	for i, config := range configs {
		result, err := c.judgeInTurn(ctx, o, config, begun)
		if err != nil {
			c.complain(err.Error())
			result = &report.Report{Endpoint: config.Endpoint, Testbed: config.Testbed, Seed: config.Seed, Effort: string(config.Effort), Reason: err.Error(), Verdict: report.CouldNotRun}
		}
		results[i] = result
		if err == nil {
			failures = append(failures, c.tell(result, wanted.numbered(i+1)))
			fmt.Fprintln(c.out)
			if o.pictures != "" {
				failures = append(failures, result.WritePictures(pictureFolder(o.pictures, i+1)))
			}
		}
	}
	c.status = overall(results)
	return errors.Join(append(failures, c.annotate(results...), report.WriteTable(c.out, results, c.style()))...)
}

// judgeInTurn judges one of several endpoints, unless there is no time left for it.
func (c *command) judgeInTurn(ctx context.Context, o runOptions, config conformance.Config, begun time.Time) (*report.Report, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s was not judged: the run was interrupted", config.Endpoint)
	}
	if config.RunTime > 0 {
		if config.RunTime -= time.Since(begun); config.RunTime <= 0 {
			return nil, fmt.Errorf("%s was not judged: the time for the whole run is over (%s)", config.Endpoint, o.RunTime)
		}
	}
	return c.judgeOne(ctx, o, config)
}

// overall is the exit status of several verdicts: what is proved against one of them counts most.
func overall(results []*report.Report) (status int) {
	for _, result := range results {
		switch own := result.ExitStatus(); {
		case own == statusNotConformant:
			return own
		case own != statusConformant:
			status = own
		}
	}
	return status
}

// pictureFolder is where the pictures of one of several endpoints go.
func pictureFolder(folder string, number int) string {
	return filepath.Join(folder, strconv.Itoa(number))
}

// pictureFolders sees that there is a folder for pictures, and one in it for each endpoint if there are several.
func pictureFolders(path string, endpoints int) error {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return errors.New("--pictures is empty; give a folder")
	case err == nil && !info.IsDir():
		return fmt.Errorf("--pictures %q is a file; give a folder", path)
	case err != nil:
		return fmt.Errorf("--pictures: %w; give a folder that exists", err)
	}
	for i := range endpoints {
		own := path
		if endpoints > 1 {
			own = pictureFolder(path, i+1)
			if err := os.MkdirAll(own, 0o777); err != nil {
				return fmt.Errorf("--pictures: %w; give a folder that can be written to", err)
			}
		}
		if err := report.Writable(filepath.Join(own, "picture")); err != nil {
			return fmt.Errorf("--pictures: %w", err)
		}
	}
	return nil
}
