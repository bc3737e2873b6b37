# Everything here needs Go alone; the tools are pinned in go.mod, and gremlins, which would bring many modules, here. Only what
# lints the contract is from npm, pinned in .ci/npm: where there is no npm, that is left out.

GO       ?= go
BIN      := bin/zec-conformance
GREMLINS := github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
# The race detector needs a C compiler. Where there is none, the tests run without it.
RACE     := $(if $(shell command -v $$($(GO) env CC)),-race)

# How long each fuzz target is tried.
FUZZTIME ?= 10s
# How long the soak goes on.
SOAKTIME ?= 1m

.PHONY: run test build generate docs man lint prove power bench mutation fuzz hostile soak

run: build ## judge the embedded mock
	$(BIN) run

build: ## the command, in bin/
	$(GO) build -o $(BIN) ./conformance/cmd/zec-conformance

test: lint build ## everything that CI runs
	CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) ./...
	$(if $(RACE),$(GO) test -run '^TestHostile' ./conformance/cmd/zec-conformance)
	$(BIN) run --quiet
	@$(MAKE) --no-print-directory prove

generate: ## client, server stub and embedded document, from openapi.yaml, and those of the mock's companions
	$(GO) generate ./...

docs: build ## the rules page, from openapi.yaml, the checks, the mutants and the last proof
	$(BIN) rules --markdown > bin/RULES.md
	mv bin/RULES.md conformance/RULES.md

man: build ## the manual pages, in bin/man: man -M bin/man zec-conformance
	mkdir -p bin/man/man1
	$(BIN) man bin/man/man1

lint: ## the code, and the contract
	$(GO) vet ./...
	$(GO) tool staticcheck ./conformance/...
	@unformatted=$$($(GO) tool gofumpt -l tools.go conformance); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run 'go tool gofumpt -w .':"; echo "$$unformatted"; exit 1; fi
	@.ci/lint openapi.yaml conformance/mock/companions/openapi.yaml

prove: ## does the suite catch every mutant, and leave every twin alone? writes bin/proof.md and bin/proof.json, and what of it stays
	$(GO) build -o bin/prove ./conformance/cmd/prove
	bin/prove --out bin --record conformance/proof/last.json

power: ## how likely is a run to find a fault that shows now and then? writes bin/power.md, .json and .svg; takes some six minutes
	$(GO) build -o bin/prove ./conformance/cmd/prove
	bin/prove power --out bin

fuzz: ## is there an answer that is read wrongly? tries each fuzz target for FUZZTIME
	@for package in $(sort $(dir $(shell grep -rl --include='*_test.go' '^func Fuzz' conformance))); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$package*_test.go); do \
			echo "$$package $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$package || exit 1; \
		done; \
	done

hostile: ## what does a run take on each hostile target, with default flags? takes some ten minutes
	ZEC_CONFORMANCE_HOSTILE=1 $(GO) test -count=1 -timeout 30m -parallel 3 -v -run '^TestHostile' ./conformance/cmd/zec-conformance

soak: ## ten clients at the mock for SOAKTIME, under the race detector: is anything lost or invented?
	CGO_ENABLED=$(if $(RACE),1,0) ZEC_CONFORMANCE_SOAK=$(SOAKTIME) $(GO) test $(RACE) -count=1 -timeout 1h -v -run '^TestSoak$$' ./conformance/mock

bench: ## a whole run, one exchange of 1 and of 100 ids, the oracle; the mock beside a bare handler, at a million snapshots, and from its start
	$(GO) test -run '^$$' -bench . -benchmem ./conformance ./conformance/oracle ./conformance/mock/...
	$(GO) test -run '^$$' -bench . -skip BesideBare ./conformance/cmd/zec-conformance
	$(GO) test -run '^$$' -bench BesideBare -benchtime 5x ./conformance/cmd/zec-conformance

# Only tests are to kill: vet is off, since gremlins takes what it refuses for killed. A cached run of the tests would
# tell gremlins nothing about how long they take, hence the count.
mutation: ## do the tests of what decides a verdict notice a change of it? fails at 90 % of the mutants or less
	@export GOFLAGS="$$($(GO) env GOFLAGS) -count=1 -vet=off"; \
	for package in oracle contract report; do \
		echo "conformance/$$package"; \
		$(GO) run $(GREMLINS) unleash --config .gremlins.yaml --output-statuses lctvs ./conformance/$$package || exit 1; \
	done
