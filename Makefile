# Everything that a person or the CI asks of this tree; `make` alone lists it.

# How much of the province `demo` publishes: 1 is the true volume of the third quarter of 2021.
SCALE ?= 1
# How many seeds `sim` tries.
SEEDS ?= 1000
# How many cases `fuzz` shows the decoders, and which ones.
CASES ?= 5000000
SEED ?= 1

# Absolute, because cargo runs each package's tests in that package's folder.
export TONGHOP_NATS_SERVER := $(CURDIR)/.tools/bin/nats-server

.DEFAULT_GOAL := help
.PHONY: help demo test check contract bench sim fuzz clean nats-server

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: nats-server ## publish, fold and read a province's quarter (SCALE=0.01 for a small one)
	@echo "Building the program (release); the first time this takes some minutes, and says which crate it is at."
	cargo build --release --locked -p tonghop-node -p tonghop-ledger
	SCALE=$(SCALE) ./deploy/demo

# The binaries come first, for the end-to-end tests run them; with the tests, so that nothing is built twice.
# nextest runs no doc tests; they run before it, so that its summary is the last line.
test: nats-server ## every test of the workspace
	cargo build --workspace --bins --tests --locked
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo test --workspace --doc --locked --quiet && cargo nextest run --workspace --locked; \
	else \
		cargo test --workspace --locked; \
	fi

check: ## format, lints, licences and spelling, without running anything
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
		cargo deny check bans licenses sources; \
	else \
		echo "cargo-deny is not installed: licences and bans were not checked (cargo install cargo-deny)."; \
	fi
	@if [ -x .tools/typos/bin/typos ]; then \
		.tools/typos/bin/typos; \
	else \
		echo "typos is not installed: spelling was not checked (python3 -m pip install --target .tools/typos typos)."; \
	fi

contract: ## write schemas, AsyncAPI and pages of events as the .proto files say
	cargo run --locked --quiet -p tonghop-tests --bin contract

bench: nats-server ## the ratios of design: catch-up, replay, fold, commit, query
	cargo bench --locked -p tonghop-node --bench ratios

sim: nats-server ## the projector's crash simulation, longer (SEEDS=N), and 1,000 kills of a publisher
	SEEDS=$(SEEDS) cargo test --release --locked -p tonghop-tests --test simulation -- --ignored --nocapture
	cargo build --locked -p tonghop-node --bins
	cargo test --locked -p tonghop-node --test e2e a_thousand_kills -- --ignored --nocapture

fuzz: ## hostile bytes for every decoder (CASES=N, SEED=N)
	CASES=$(CASES) SEED=$(SEED) cargo test --profile fuzz --locked -p tonghop-tests --test fuzz -- --nocapture
	CASES=$(CASES) SEED=$(SEED) cargo test --profile fuzz --locked -p tonghop-node --test fuzz -- --nocapture

clean: ## remove what was built and fetched; tonghop-data stays, for it is yours
	cargo clean
	rm -rf .tools

nats-server:
	@./deploy/fetch-nats-server
