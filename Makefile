# `make demo` and `make test` are all a newcomer needs; they do their own set-up. `make help` lists the rest.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
WASM := $(TARGET)/wasm32v1-none/release
# The tests and the demo read the contracts from here.
export WASM_DIR := $(WASM)

CHANNEL := $(shell sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
CARGO := cargo
CARGO_HOME_DIR := $(or $(CARGO_HOME),$(HOME)/.cargo)
export PATH := $(CARGO_HOME_DIR)/bin:$(PATH)

# Wasm is built by the stellar CLI when a fitting one is on PATH, and by cargo alone otherwise (or with `STELLAR=`).
# `$(shell)` of GNU Make 4.3 does not see what is exported, so it is told the PATH.
STELLAR_RELEASE := 28.1.0
STELLAR ?= $(shell PATH="$(PATH)" command -v stellar)
FITTING := $(if $(STELLAR),$(shell PATH="$(PATH)" $(STELLAR) --version 2>/dev/null | grep -o '^stellar 28\.1\.[0-9]*'))
WAY := $(if $(FITTING),cli,cargo)
# The CLI of what follows `stellar-cli`: the one that fits, or the one that was just installed.
CLI := $(if $(FITTING),$(STELLAR),$(CARGO_HOME_DIR)/bin/stellar)

# What the metadata of the contracts says besides their name (SEP-46). SOURCE_REPO is the releaser's: github:owner/name.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SOURCE_REPO ?=

CONTRACTS := $(notdir $(patsubst %/Cargo.toml,%,$(wildcard contracts/*/Cargo.toml)))
FIXTURES := $(notdir $(patsubst %/Cargo.toml,%,$(wildcard tests/contracts/*/Cargo.toml examples/*/Cargo.toml)))
WASM_FILES := $(foreach name,$(CONTRACTS) $(FIXTURES),$(WASM)/$(subst -,_,$(name)).wasm)
SOURCES := Cargo.toml Cargo.lock rust-toolchain.toml \
	$(shell find contracts packages examples tests/contracts tools/strip-spec \( -name '*.rs' -o -name Cargo.toml \) ! -name 'test*.rs' ! -path '*/test/*' ! -path '*/tests/*')
BINDINGS := $(TARGET)/bindings
MISSING := $(filter-out $(wildcard $(WASM_FILES)),$(WASM_FILES))
# What was built otherwise, or says another repository, is built anew.
STAMP := $(WASM)/.built-by-$(WAY)$(if $(SOURCE_REPO),-$(subst /,-,$(SOURCE_REPO)))

## The two commands

demo: wasm ## play the whole story on an embedded Soroban host with real signatures; writes target/demo/report.html
	@$(CARGO) build --locked --package strip-spec --package margin-tests --bins
	@$(TARGET)/debug/demo $(TARGET)/demo/report.html

test: wasm ## every test: native, Wasm, properties; costs are compared on release Wasm
	COSTS=check $(CARGO) test --workspace --locked

## Development

check: setup cargo-deny ## formatting, clippy, dependencies, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --target-dir $(TARGET) -- -D warnings
	$(CARGO) deny --log-level error check licenses bans sources
	@if GIT_TERMINAL_PROMPT=0 timeout 20 git ls-remote --quiet https://github.com/rustsec/advisory-db HEAD >/dev/null 2>&1; then \
		$(CARGO) deny --log-level error check advisories; \
	else \
		echo "advisories: NOT CHECKED, the database at github.com/rustsec/advisory-db is not reachable from here"; \
	fi
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --quiet
	$(CARGO) run --quiet --locked --package error-table -- --check docs/errors.md

build: stellar-cli ## release Wasm by the stellar CLI (installed when missing), with sizes and hashes
	@$(MAKE) size STELLAR="$(CLI)"
	@ls $(WASM)/.built-by-cli* >/dev/null 2>&1 || { echo "$(CLI) built no Wasm: it is not stellar $(STELLAR_RELEASE)"; exit 1; }

size: wasm ## bytes and SHA-256 of each contract beside the network's limit
	@echo "built by $$(cat $(STAMP)), in $(WASM)"
	@printf '%-24s %8s %7s  %s\n' contract bytes limit sha256
	@for name in $(subst -,_,$(CONTRACTS)); do \
		bytes=$$(wc -c < $(WASM)/$$name.wasm); \
		printf '%-24s %8d %6d%%  %s\n' $$name $$bytes $$((bytes * 100 / 131072)) "$$(sha256sum $(WASM)/$$name.wasm | cut -d' ' -f1)"; \
	done
	@for name in $(subst -,_,$(CONTRACTS)); do \
		[ $(WAY) = cargo ] || [ $$(wc -c < $(WASM)/$$name.wasm) -le 131072 ] || { echo "$$name is larger than the network permits"; exit 1; }; \
	done

bench: build ## measure every entry point on release Wasm and write docs/costs.md
	COSTS=write $(CARGO) test --locked --package margin-tests --test costs -- --nocapture

fuzz: wasm ## longer random sequences: make fuzz FUZZ_SEQUENCES=5000 FUZZ_SEED=7
	FUZZ_SEQUENCES=$(or $(FUZZ_SEQUENCES),2000) FUZZ_SEED=$(or $(FUZZ_SEED),$(shell date +%s)) $(CARGO) test --locked --package margin-tests --test random -- --nocapture

stress: setup ## 10,000 accounts through crash, rally, chop and depeg; writes target/stress/report.html and docs/stress.*
	$(CARGO) run --quiet --release --locked --package stress -- $(TARGET)/stress/report.html docs

coverage: wasm ## line coverage of contracts and packages by all their tests; fails below 95%
	@rustup component list --installed --toolchain $(CHANNEL) | grep '^llvm-tools' >/dev/null || rustup component add llvm-tools --toolchain $(CHANNEL)
	@command -v cargo-llvm-cov >/dev/null || env -u CARGO_TARGET_DIR $(CARGO) install --locked cargo-llvm-cov@$(COVERAGE_RELEASE)
	$(CARGO) llvm-cov --locked --workspace --summary-only --ignore-filename-regex '$(UNCOVERED)' --fail-under-lines 95

errors: setup ## rewrite the table of docs/errors.md from the code
	$(CARGO) run --quiet --locked --package error-table -- docs/errors.md

bindings: build ## TypeScript clients of every contract in target/bindings, compiled (needs Node.js 20 and npm)
	@command -v npm >/dev/null || { echo "npm is missing: https://nodejs.org"; exit 1; }
	@mkdir -p $(BINDINGS)
	@# The SDK's own generator (17.2) writes code that does not compile for functions that return a typed error, and this one
	@# takes the names of arguments for those of variables, which `class` and `new` cannot be.
	@for name in $(subst -,_,$(CONTRACTS)); do \
		$(CLI) contract bindings typescript --wasm $(WASM)/$$name.wasm --output-dir $(BINDINGS)/$$name --overwrite 2>/dev/null; \
		sed -E 's/^(  [a-z_0-9]+: )\(\{[^}]*\}: /\1(args: /' $(BINDINGS)/$$name/src/index.ts > $(BINDINGS)/index.ts; \
		mv $(BINDINGS)/index.ts $(BINDINGS)/$$name/src/index.ts; \
	done
	@printf '{ "name": "bindings", "private": true, "workspaces": ["*"] }\n' > $(BINDINGS)/package.json
	@cd $(BINDINGS) && npm install --silent --no-fund --no-audit && npm run build --workspaces --silent
	@echo "TypeScript clients in $(BINDINGS):" $(subst -,_,$(CONTRACTS))

deploy: deploy-arguments build ## deploy and configure everything: make deploy NETWORK=testnet SOURCE=<identity> [DRY_RUN=1]
	@STELLAR="$(CLI)" sh deploy/deploy.sh "$(NETWORK)" "$(SOURCE)"

test-deploy: build ## test the deployment: dry runs of every configuration, and a local network where one is at hand
	@STELLAR="$(CLI)" sh deploy/test.sh

wallets: wallets-arguments ## the wallets' examples on a local network: make deploy NETWORK=local SOURCE=<identity>, then make wallets SOURCE=<identity>
	@cd examples && npm ci --silent --no-fund --no-audit && PAYER=$$("$(CLI)" keys secret "$(SOURCE)") npm run --silent wallets

test-wallets: build ## test all examples on a local network of its own deployment: wallets, CLI with sign-auth, keeper
	@$(CARGO) build --quiet --locked --package sign-auth
	@STELLAR="$(CLI)" SIGN_AUTH=$(TARGET)/debug/sign-auth sh examples/test.sh

clean: ## remove everything that was built
	$(CARGO) clean

help: ## this list
	@awk -F ':.*## ' '/^## /{printf "\n%s\n", substr($$0, 4)} /^[a-z][a-z-]*:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo

# ---- set-up ---------------------------------------------------------------------------------------------------------

deploy-arguments:
	@[ -n "$(NETWORK)" ] && [ -n "$(SOURCE)" ] || { echo "usage: make deploy NETWORK=testnet SOURCE=<identity> [DRY_RUN=1]"; exit 1; }

wallets-arguments:
	@[ -n "$(SOURCE)" ] || { echo "usage: make wallets SOURCE=<identity>, the one of make deploy NETWORK=local"; exit 1; }

setup:
	@command -v rustup >/dev/null || { \
		echo "rustup is missing. It manages the Rust toolchain that rust-toolchain.toml names: https://rustup.rs"; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing (Debian: apt-get install build-essential)."; exit 1; }
	@rustup toolchain list | grep '^$(CHANNEL)-' >/dev/null || rustup toolchain install $(CHANNEL) --profile minimal --no-self-update
	@rustup target list --installed --toolchain $(CHANNEL) | grep -x wasm32v1-none >/dev/null || rustup target add wasm32v1-none --toolchain $(CHANNEL)
	@for part in rustfmt clippy; do \
		rustup component list --installed --toolchain $(CHANNEL) | grep "^$$part" >/dev/null || rustup component add $$part --toolchain $(CHANNEL); \
	done

stellar-cli: setup
ifeq ($(FITTING),)
	@echo "stellar $(STELLAR_RELEASE) is not on PATH: compiling it, once, in 15 to 25 minutes on 2 cores"
	@if ! pkg-config --exists dbus-1 libudev 2>/dev/null; then \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && apt-get install -y -qq libdbus-1-dev libudev-dev pkg-config; \
		else \
			echo "It needs the headers of dbus and udev (Debian: apt-get install libdbus-1-dev libudev-dev pkg-config)."; exit 1; \
		fi; \
	fi
	env -u CARGO_TARGET_DIR $(CARGO) install --locked stellar-cli@$(STELLAR_RELEASE)
endif

cargo-deny: setup
	@command -v cargo-deny >/dev/null || env -u CARGO_TARGET_DIR $(CARGO) install --locked cargo-deny@$(DENY_RELEASE)

DENY_RELEASE := 0.20.2
COVERAGE_RELEASE := 0.9.1
# What is measured is contracts and packages; their tests, and what only tests use, are not.
UNCOVERED := (/tests/|/tools/|/examples/|/src/test|/testing)

# ---- Wasm -----------------------------------------------------------------------------------------------------------

wasm: $(STAMP)

$(STAMP): $(SOURCES) $(if $(MISSING),always) | setup
	@rm -f $(WASM)/.built-by-*
	@$(MAKE) wasm-by-$(WAY)

wasm-by-cli:
	@echo "Building Wasm with $(FITTING)"
	@for name in $(CONTRACTS) $(FIXTURES); do \
		printf '  %-20s' $$name; \
		crate=$$(find contracts examples tests/contracts -path "*/$$name/Cargo.toml"); \
		set -- --meta "name=$$name" --meta "version=$(VERSION)"; \
		for key in description sep; do \
			value=$$(sed -n "s/^$$key = \"\(.*\)\"/\1/p" $$crate); \
			[ -z "$$value" ] || set -- "$$@" --meta "$$key=$$value"; \
		done; \
		[ -z "$(SOURCE_REPO)" ] || set -- "$$@" --meta "source_repo=$(SOURCE_REPO)"; \
		log=$$($(STELLAR) contract build --locked --package $$name "$$@" 2>&1) || { echo; echo "$$log"; exit 1; }; \
		printf '%8d bytes\n' $$(wc -c < $(WASM)/$${name//-/_}.wasm); \
	done
	@echo "$(FITTING)" > $(STAMP)

# As soroban-sdk documents for build systems that strip the spec themselves; paths are remapped as the CLI does it.
# strip-spec is built together with the demo, so that what both depend on is compiled once.
wasm-by-cargo: export SOROBAN_SDK_BUILD_SYSTEM_SUPPORTS_SPEC_SHAKING_V2 := 1
wasm-by-cargo:
	@echo "Building Wasm with cargo: no stellar 28.1 on PATH. Not optimised, not for release (make build installs the CLI)."
	@$(CARGO) build --locked --package strip-spec --package margin-tests --bins
	@for name in $(CONTRACTS) $(FIXTURES); do \
		CARGO_BUILD_RUSTFLAGS="--remap-path-prefix=$(CARGO_HOME_DIR)/registry/src=" \
			$(CARGO) rustc --release --locked --target wasm32v1-none --crate-type=cdylib --package $$name; \
	done
	@$(TARGET)/debug/strip-spec $(WASM_FILES)
	@echo "cargo, spec stripped, not optimised" > $(STAMP)

always:

.PHONY: demo test check build size bench bindings deploy test-deploy wallets test-wallets fuzz stress coverage errors clean help deploy-arguments wallets-arguments setup stellar-cli cargo-deny wasm wasm-by-cli wasm-by-cargo always
