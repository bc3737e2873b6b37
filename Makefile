# Everything here needs Go alone; the tools are pinned in go.mod.

GO      ?= go
BIN     := bin/zec-conformance
# The race detector needs a C compiler. Where there is none, the tests run without it.
RACE    := $(if $(shell command -v $$($(GO) env CC)),-race)

.PHONY: run test build generate lint bench

run: build ## judge the embedded mock
	$(BIN) run

build: ## the command, in bin/
	$(GO) build -o $(BIN) ./conformance/cmd/zec-conformance

test: lint build ## everything that CI runs
	CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) ./...
	$(BIN) run --quiet

generate: ## client, server stub and embedded document, from openapi.yaml
	$(GO) generate ./...

lint:
	$(GO) vet ./...
	$(GO) tool staticcheck ./conformance/...
	@unformatted=$$($(GO) tool gofumpt -l tools.go conformance); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run 'go tool gofumpt -w .':"; echo "$$unformatted"; exit 1; fi

bench: ## a whole run, one exchange of 1 and of 100 ids, the oracle
	$(GO) test -run '^$$' -bench . -benchmem ./conformance ./conformance/oracle ./conformance/mock
