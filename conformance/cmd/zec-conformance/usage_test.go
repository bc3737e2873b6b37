package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// hidden stands for what nobody may read on a screen or in a log.
const hidden = "hunter2"

// verbs is what is told to whoever gives no command, or one that there is not.
const verbs = "give run, plan, judge, report, diff, baseline, breaking, clean, mock, mutants or rules"

func TestBadUsageIsToldInOneLineBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	target := serve(t)
	directory := t.TempDir()
	noCertificate := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(noCertificate, []byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []string { return append([]string{"run"}, args...) }
	judging := func(args ...string) []string { return run(target.flags(args...)...) }
	endpoint := func(url string) []string { return run("--endpoint", url, "--testbed", target.URL+mock.TestbedPath) }
	testbed := func(spec string) []string { return run("--endpoint", target.URL, "--testbed", spec) }

	for name, usage := range map[string]struct {
		args        []string
		environment variables
		mend        string // what the line says
	}{
		"no command":                 {args: nil, mend: verbs},
		"an unknown command":         {args: []string{"jugde"}, mend: `no command "jugde"; ` + verbs},
		"control characters":         {args: []string{"\x1b[2J\u202e\r\nx"}, mend: verbs},
		"an unknown flag of none":    {args: []string{"--loud"}, mend: "--help"},
		"an unknown flag":            {args: judging("--loud"), mend: "see zec-conformance run --help"},
		"an unknown flag, controls":  {args: judging("--\x1b[2J"), mend: "see zec-conformance run --help"},
		"a stray argument":           {args: judging("now"), mend: `"now" is one word too many`},
		"a stray argument of mock":   {args: []string{"mock", "now"}, mend: `no command "now"; give export or import`},
		"a mock before its time":     {args: []string{"mock", "--settle", "-1s"}, mend: "give a duration such as 2s"},
		"a mutant that takes time":   {args: []string{"mock", "--creating", "1s", "--mutant", "folds-case"}, mend: "give --fault folds-case in place of --mutant"},
		"a stray argument of rules":  {args: []string{"rules", "BATCH-2"}, mend: "see zec-conformance rules --help"},
		"help on an unknown command": {args: []string{"help", "jugde"}, mend: verbs},
		"a flag without its value":   {args: judging("--seed"), mend: "--help"},

		"a seed of letters":      {args: judging("--seed", "abc"), mend: "--seed"},
		"a negative seed":        {args: judging("--seed", "-1"), mend: "positive number"},
		"a seed of zero":         {args: judging("--seed", "0"), mend: "positive number"},
		"a seed too big":         {args: judging("--seed", "99999999999999999999"), mend: "--seed"},
		"an unknown effort":      {args: judging("--effort", "hard"), mend: "give quick, normal or thorough"},
		"an empty effort":        {args: judging("--effort", ""), mend: "give quick, normal or thorough"},
		"no settle time":         {args: judging("--settle", "0"), mend: "give one such as 30s"},
		"a negative settle time": {args: judging("--settle", "-1s"), mend: "give one such as 30s"},
		"a settle time in words": {args: judging("--settle", "abc"), mend: "--settle"},
		"a negative linger time": {args: judging("--linger", "-1s"), mend: "give one such as 1.5s"},
		"no timeout":             {args: judging("--timeout", "0"), mend: "give one such as 30s"},

		"a budget of zero":           {args: judging("--budget", "0"), mend: "not a positive number of snapshots"},
		"a negative budget":          {args: judging("--budget", "-5"), mend: "not a positive number of snapshots"},
		"a budget in words":          {args: judging("--budget", "all"), mend: "--budget"},
		"no walk":                    {args: judging("--walk", ""), mend: "--walk is empty; give steps"},
		"a walk of spaces":           {args: judging("--walk", " \n "), mend: "--walk is empty; give steps"},
		"a walk of no such verb":     {args: judging("--walk", "jump 1"), mend: `step 1, "jump 1": there is no such verb`},
		"a walk that does not go on": {args: judging("--walk", "make NORMAL;"), mend: "step 2"},
		"a walk, control":            {args: judging("--walk", "\x1b[2J\n1"), mend: "there is no such verb"},
		"a walk and a filter":        {args: judging("--walk", "make NORMAL; delete 1", "--label-filter", "ERR-1"), mend: "a walk stands in place of all checks"},
		"pictures in no folder":      {args: judging("--pictures", filepath.Join(directory, "none")), mend: "give a folder that exists"},
		"pictures in a file":         {args: judging("--pictures", noCertificate), mend: "is a file; give a folder"},
		"pictures below a file":      {args: judging("--pictures", filepath.Join(noCertificate, "in")), mend: "give a folder that exists"},
		"pictures, control":          {args: judging("--pictures", "\x1b[2J\n"), mend: "give a folder that exists"},
		"pictures nowhere":           {args: judging("--pictures", ""), mend: "give a folder"},

		"an endpoint alone":             {args: run("--endpoint", target.URL), mend: "give both"},
		"a testbed alone":               {args: run("--testbed", target.URL+mock.TestbedPath), mend: "give both"},
		"an empty endpoint":             {args: endpoint(""), mend: "give a base such as http://"},
		"an empty testbed":              {args: testbed(""), mend: "give a base such as http://"},
		"both of them empty":            {args: run("--endpoint", "", "--testbed", ""), mend: "give a base such as http://"},
		"an endpoint without scheme":    {args: endpoint("localhost:80"), mend: "does not begin with http://"},
		"an endpoint of another scheme": {args: endpoint("ftp://x"), mend: "does not begin with http://"},
		"an endpoint without host":      {args: endpoint("http://"), mend: "names no host"},
		"an endpoint with the path":     {args: endpoint("http://h" + contract.Path + "/"), mend: "leave that out"},
		"an endpoint with a password":   {args: endpoint("http://user:" + hidden + "@host"), mend: "give credentials in the environment"},
		"an endpoint with a query":      {args: endpoint("http://h/?q=1"), mend: "a query or a fragment"},
		"an endpoint with a fragment":   {args: endpoint("http://h/#f"), mend: "a query or a fragment"},
		"an endpoint, control":          {args: endpoint("http://user:" + hidden + "@h\x1b[2J/"), mend: "cannot be read"},
		"an endpoint, bad port":         {args: endpoint("http://user:" + hidden + "@h:port"), mend: "cannot be read"},
		"an endpoint, bad escape":       {args: endpoint("http://user:" + hidden + "@h%zz"), mend: "cannot be read"},
		"a testbed with a password":     {args: testbed("http://user:" + hidden + "@host"), mend: "give credentials in the environment"},
		"a testbed without scheme":      {args: testbed("localhost:80"), mend: "does not begin with http://"},
		"a testbed by a path":           {args: testbed("snapshots.yaml"), mend: "file:PATH"},
		"a testbed, misspelled":         {args: testbed("exce:" + hidden), mend: "exec:COMMAND"},
		"a testbed by no command":       {args: testbed("exec: "), mend: "exec: names no command; give one that starts a testbed program"},
		"a testbed by no file":          {args: testbed("file:"), mend: "file: names no file; give one such as file:snapshots.yaml"},
		"a testbed in a missing file":   {args: testbed("file:" + filepath.Join(directory, "none.yaml")), mend: "cannot be read (no such file or directory); give a YAML or JSON list"},
		"a testbed in a directory":      {args: testbed("file:" + directory), mend: "cannot be read (is a directory); give a YAML or JSON list"},
		"a testbed in another file":     {args: testbed("file:" + noCertificate), mend: "give a YAML or JSON list of ids with their states"},
		"a testbed in a file, control":  {args: testbed("file:\x1b[2J\n"), mend: "give a YAML or JSON list"},
		"a testbed by zec, no disk":     {args: testbed("zec:"), mend: "give one, as in zec:DISK_ID"},
		"a testbed by zec, control":     {args: testbed("zec:\x1b[2J\n"), mend: "give one, as in zec:DISK_ID"},

		"certificates in no file":     {args: judging("--cacert", filepath.Join(directory, "none.pem")), mend: "no such file or directory); give a PEM file"},
		"certificates without file":   {args: judging("--cacert", ""), mend: "give a PEM file"},
		"certificates, a directory":   {args: judging("--cacert", directory), mend: "give a PEM file"},
		"certificates, a key":         {args: judging("--cacert", noCertificate), mend: "has no certificate in it"},
		"certificates, control":       {args: judging("--cacert", "\x1b[2J\n"), mend: "give a PEM file"},
		"a report without path":       {args: judging("--report", "json"), mend: "give json="},
		"a report without kind":       {args: judging("--report", "=x"), mend: "give one of json"},
		"a report with empty path":    {args: judging("--report", "json="), mend: "give json="},
		"a report of unknown kind":    {args: judging("--report", "xml=x"), mend: "give one of json"},
		"two reports in one file":     {args: judging("--report", "json=twice.json", "--report", "json=twice.json"), mend: "a file of its own"},
		"a report on a directory":     {args: judging("--report", "json="+directory), mend: "name a file in it"},
		"a report in no directory":    {args: judging("--report", "json="+filepath.Join(directory, "no", "x.json")), mend: "mkdir -p"},
		"a recording nowhere":         {args: judging("--record", ""), mend: "name a file"},
		"a recording on a directory":  {args: judging("--record", directory), mend: "name a file in it"},
		"a recording in no directory": {args: judging("--record", filepath.Join(directory, "no", "x.har")), mend: "mkdir -p"},
		"a filter that is no filter":  {args: judging("--label-filter", "(("), mend: "combine rule ids and levels"},
		"a filter that finds nothing": {args: judging("--label-filter", "BATCH-77"), mend: "labels are rule ids"},

		"an empty ledger":              {args: judging("--ledger", ""), mend: "name a new file"},
		"a ledger that exists":         {args: judging("--ledger", noCertificate), mend: "exists already; see what is left"},
		"a ledger in no directory":     {args: judging("--ledger", filepath.Join(directory, "no", "x")), mend: "cannot be made (no such file or directory); name another"},
		"clean, a ledger and more":     {args: []string{"clean", "--ledger", "x", "--endpoint", target.URL}, mend: "give it alone"},
		"clean, a testbed alone":       {args: []string{"clean", "--testbed", "zec:disk-1"}, mend: "belong together"},
		"clean, no ledger there":       {args: []string{"clean", "--ledger", filepath.Join(directory, "none")}, mend: "cannot be read"},
		"clean, an empty ledger":       {args: []string{"clean", "--ledger", ""}, mend: "cannot be read"},
		"clean, no ledger":             {args: []string{"clean", "--ledger", noCertificate}, mend: "none that this version knows"},
		"clean, no timeout":            {args: []string{"clean", "--timeout", "0"}, mend: "give one such as 30s"},
		"clean, certificates nowhere":  {args: []string{"clean", "--cacert", directory}, mend: "give a PEM file"},
		"clean, a testbed that cannot": {args: append([]string{"clean"}, target.flags()...), mend: "cannot tell what runs have left there"},
		"clean, a word":                {args: []string{"clean", "all"}, mend: "see zec-conformance clean --help"},

		"half a key pair": {
			args: judging(), environment: variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "id"},
			mend: "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD, which belongs to it, is not",
		},
		"the other half": {
			args: judging(), environment: variables{"ZENLAYERCLOUD_SECRET_KEY_PASSWORD": hidden},
			mend: "ZENLAYERCLOUD_SECRET_KEY_ID, which belongs to it, is not",
		},
		"several mistakes at once": {
			args: judging(), environment: variables{"ZENLAYERCLOUD_SECRET_KEY_PASSWORD": hidden, "ZENLAYER_TOKEN": hidden + "\n"},
			mend: "ZENLAYER_TOKEN has a line end",
		},
		"two credentials": {
			args: judging(),
			environment: variables{
				"ZENLAYERCLOUD_ACCESS_KEY_ID": "id", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": hidden, "ZENLAYER_TOKEN": hidden + "2",
			},
			mend: "only one can be used",
		},
		"a secret with a line end": {
			args:        judging(),
			environment: variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "id", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": hidden + "\n"},
			mend:        "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD has a line end",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, usage.environment, usage.args...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.err).NotTo(ContainSubstring(hidden))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(target.requests.Load()).To(BeZero(), "something was sent")
		})
	}
}

func TestAnAddressInUseIsToldInOneLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer taken.Close()
	for _, addr := range []string{taken.Addr().String(), "nowhere", "127.0.0.1:port", "127.0.0.1:99999"} {
		got := call(t, nil, "mock", "--addr", addr)
		got.complaint(g)
		g.Expect(got.err).To(ContainSubstring("give another HOST:PORT"))
		g.Expect(got.out).To(BeEmpty())
	}
}

func TestHelpIsForPeople(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--help"}, {"run", "--help"}, {"judge", "--help"}, {"diff", "--help"}, {"baseline", "--help"}, {"baseline", "write", "--help"}, {"clean", "--help"}, {"plan", "--help"}, {"mock", "-h"}, {"rules", "--help"}, {"help"}, {"help", "run"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, args...)
			g.Expect(got.status).To(BeZero())
			g.Expect(got.err).To(BeEmpty())
			g.Expect(got.out).To(ContainSubstring("Usage:\n  zec-conformance"))
		})
	}
}

func TestRulesListsAllOfThem(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, nil, "rules")
	g.Expect(got.status).To(BeZero())
	g.Expect(got.err).To(BeEmpty())
	g.Expect(lines(got.out)).To(HaveLen(len(contract.Rules)))
	for i, rule := range contract.Rules {
		g.Expect(strings.Fields(lines(got.out)[i])[:2]).To(Equal([]string{rule.ID, string(rule.Level)}))
		g.Expect(lines(got.out)[i]).To(ContainSubstring(rule.Statement))
	}
}

func TestRulesListsTheirChecks(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, nil, "rules", "--checks")
	g.Expect(got.status).To(BeZero())
	under := ""
	checks := map[string]int{}
	for _, line := range lines(got.out) {
		if fields := strings.Fields(line); fields[0] == "-" {
			checks[under]++
		} else {
			under = fields[0]
		}
	}
	for _, rule := range contract.Rules {
		g.Expect(checks).To(HaveKey(rule.ID))
	}
}
