# SPDX-License-Identifier: Apache-2.0
# Every task of the project. `make test` is what CI runs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

# A Swift trap otherwise leaves a process behind that holds the output open.
export SWIFT_BACKTRACE := enable=no

CHECKED := --explicit-target-dependency-import-check error
COMMLENS := .build/release/commlens
JOBS := $(sort $(patsubst traces/%/,%,$(wildcard traces/*/)))

.PHONY: setup build release lint format unit test demo reports golden figures card card-full bench install clean

setup: ## Install the C libraries and tools that are missing (Debian, Ubuntu).
	@missing=(); \
	have() { dpkg-query -W -f='$${Status}' "$$1" 2>/dev/null | grep -q 'ok installed'; }; \
	for package in zlib1g-dev libxml2-dev pkg-config strace gcc libc6-dev python3 gzip; do \
	  if ! have "$$package" && ! { [ "$$package" = pkg-config ] && have pkgconf; }; then \
	    missing+=("$$package"); fi; \
	done; \
	if [ "$${#missing[@]}" -gt 0 ]; then \
	  sudo=(); if [ "$$(id -u)" -ne 0 ]; then sudo=(sudo); fi; \
	  echo "Installing: $${missing[*]}"; \
	  "$${sudo[@]}" apt-get update -qq; \
	  "$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}"; \
	fi; \
	if ! command -v chromium chromium-browser google-chrome google-chrome-stable > /dev/null; then \
	  echo "Installing: chromium fonts-dejavu-core (for \`make figures\`)"; \
	  sudo=(); if [ "$$(id -u)" -ne 0 ]; then sudo=(sudo); fi; \
	  { "$${sudo[@]}" apt-get update -qq && "$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } \
	    || echo "No Chromium to install: \`make figures\` will skip its checks."; \
	fi; \
	command -v swift > /dev/null || { echo "Swift 6.3 is missing: see https://www.swift.org/install/linux/"; exit 1; }; \
	echo "Ready: $$(swift --version 2> /dev/null | head -n 1)"

build: ## Build for development; warnings are errors.
	swift build --build-tests $(CHECKED)

release: ## Build for use.
	swift build -c release --product commlens $(CHECKED)

lint: ## Check the format of every Swift file.
	swift format lint --strict -p -r Package.swift Sources Tests

format: ## Format every Swift file.
	swift format format -i -p -r Package.swift Sources Tests

unit: build ## Run the tests of the modules and of the command line.
	WRITE_FIGURES=$(CURDIR)/.build/figures swift test --skip-build --disable-xctest

demo reports: release ## Analyse the logs in traces/ into reports/, and compare three of them.
	@set -- $(JOBS); [ "$$#" -gt 0 ] || { echo "traces/ holds no job"; exit 1; }
	@for job in $(JOBS); do \
	  $(COMMLENS) analyze "traces/$$job" -o "reports/$$job"; echo; \
	done
	@$(COMMLENS) compare TP4=reports/llama-8b-tp4 PP4=reports/llama-8b-pp4 \
	  'TP2 x PP2=reports/llama-8b-tp2-pp2' --baseline PP4 --tokens 255 -o reports/comparison

golden: ## Record what tests compare with; look at the difference before you commit it.
	RECORD_GOLDEN=1 swift test --disable-xctest || true
	git status --short Fixtures

figures: release ## Look at every figure and page in headless Chromium: labels, contrast, errors.
	python3 -B Tests/Figures/overlap.py
	python3 -B Tests/Figures/pages.py

card: release ## Run the reliability card, in the form that CI runs.
	python3 -B Tests/Reliability/card.py

card-full: release ## Run the reliability card with every position and 10 GB inputs.
	python3 -B Tests/Reliability/card.py --full

bench: release ## Measure speed and memory beside zcat, mawk and Python, on the same logs.
	swift build -c release --product throughput
	python3 -B Tests/Benchmarks/bench.py

test: lint unit demo ## Everything CI checks: format, build, tests, the demo, figures, reliability card.
	@git diff --exit-code --stat reports || \
	  { echo "reports/ is not what the demo writes; look at the difference and commit it"; exit 1; }
	@new=$$(git ls-files --others --exclude-standard reports); \
	  [ -z "$$new" ] || { echo "not committed: $$new"; exit 1; }
	python3 -B Tests/Figures/overlap.py
	python3 -B Tests/Figures/pages.py
	python3 -B Tests/Reliability/card.py
	@echo "All checks passed."

PREFIX ?= $(HOME)/.local
install: release ## Install the program below PREFIX (default: ~/.local).
	install -Dm755 $(COMMLENS) $(DESTDIR)$(PREFIX)/bin/commlens

clean: ## Remove what was built.
	rm -rf .build .build-*
