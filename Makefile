# `make demo` shows Eyrie, `make test` proves it. Both install what they need; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

TOOLS := $(or $(EYRIE_TOOLS),$(HOME)/.cache/eyrie-tools)
export PATH := $(TOOLS)/node/bin:$(TOOLS)/bin:$(HOME)/.cargo/bin:$(PATH)
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: deps-demo dashboard ## Four simulated cameras and a node, seen in the browser
	@echo "==> building Eyrie (the first time takes some minutes; cargo counts the crates)"
	@cargo build --release --workspace --bin eyrie
	@echo "==> starting; stop it with Ctrl-C"
	@exec $(TARGET)/release/eyrie demo $(DEMO_ARGS)

# Always the whole workspace: a part of it would be built with other features of the same dependencies, from scratch.
.PHONY: test
test: deps-test dashboard ## Every test, with real cameras, players and a browser
	cd dashboard && npm run --silent check
	cargo build --workspace --bins
	cargo test --workspace

.PHONY: check
check: deps-check ## Format, lints, dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	deploy/cargo-deny.sh

.PHONY: bench
bench: deps-bench dashboard ## Measure; writes the tables of docs/benchmarks.md (takes about an hour)
	cargo build --release --workspace --bins
	tests/bench/run.sh

.PHONY: drills
drills: deps-test ## Run the drills of docs/drills on local cells, or DRILLS='kill-a-node …'; reports in REPORTS=drill-reports (20 minutes)
	cargo build --release --workspace --bin eyrie
	tests/drills.sh $(or $(REPORTS),drill-reports) $(DRILLS)

.PHONY: sim
sim: ## Simulate SEEDS=100000 cells under faults, from seed FROM=0; replay one with cargo run -p eyrie-chaos --bin eyrie-sim -- --seed N
	cargo run --release -p eyrie-chaos --bin eyrie-sim -- --count $(or $(SEEDS),100000) --from $(or $(FROM),0)

.PHONY: fuzz
fuzz: ## Fuzz every parser of hostile bytes for SECONDS=60 each, or TARGETS='codec vod'
	tests/fuzz/run.sh $(or $(SECONDS),60) $(TARGETS)

.PHONY: dashboard
dashboard: deps-demo ## Build the dashboard into dashboard/dist
	@deploy/build-dashboard.sh

.PHONY: run
run: dashboard ## A node with no configuration, in ./eyrie-data
	cargo run --release --workspace --bin eyrie -- node $(NODE_ARGS)

.PHONY: deps-demo deps-test deps-bench deps-check
deps-demo deps-test deps-bench deps-check: deps-%:
	@deploy/deps.sh $*
