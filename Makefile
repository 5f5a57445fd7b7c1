# SPDX-License-Identifier: Apache-2.0
# Every task of the project. `make test` is what CI runs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

# A Swift trap otherwise leaves a process behind that holds the output open.
export SWIFT_BACKTRACE := enable=no

CHECKED := --explicit-target-dependency-import-check error
# A build folder of its own: SwiftPM locks one, and `make test` builds and tests at the same time.
RELEASE := .build/optimized
COMMLENS := $(RELEASE)/release/commlens
JOBS := $(sort $(patsubst traces/%/,%,$(wildcard traces/*/)))

.PHONY: setup build release lint format unit test demo reports golden figures card card-full bench man completions install clean

# Installs those of the Debian packages $(1) that are missing.
define install_missing
	@missing=(); \
	have() { dpkg-query -W -f='$${Status}' "$$1" 2>/dev/null | grep -q 'ok installed'; }; \
	for package in $(1); do \
	  if ! have "$$package" && ! { [ "$$package" = pkg-config ] && have pkgconf; }; then \
	    missing+=("$$package"); fi; \
	done; \
	if [ "$${#missing[@]}" -gt 0 ]; then \
	  sudo=(); if [ "$$(id -u)" -ne 0 ]; then sudo=(sudo); fi; \
	  echo "Installing: $${missing[*]}"; \
	  "$${sudo[@]}" apt-get update -qq; \
	  "$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}"; \
	fi
endef

setup: ## Install the C libraries and tools that are missing (Debian, Ubuntu).
	$(call install_missing,zlib1g-dev libxml2-dev pkg-config strace gcc libc6-dev python3 gzip)
	@if ! command -v chromium chromium-browser google-chrome google-chrome-stable > /dev/null; then \
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
	swift build -c release --scratch-path $(RELEASE) --product commlens $(CHECKED)

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
	swift build -c release --scratch-path $(RELEASE) --product throughput
	python3 -B Tests/Benchmarks/bench.py

# The tests keep a core busy while the optimiser has the other, and so do the two that look at figures.
test: lint ## Everything CI checks: format, build, tests, the demo, figures, reliability card.
	@$(MAKE) --no-print-directory -j 2 unit demo
	@git diff --exit-code --stat reports || \
	  { echo "reports/ is not what the demo writes; look at the difference and commit it"; exit 1; }
	@new=$$(git ls-files --others --exclude-standard reports); \
	  [ -z "$$new" ] || { echo "not committed: $$new"; exit 1; }
	python3 -B Tests/Figures/overlap.py & overlap=$$!; python3 -B Tests/Figures/pages.py; wait $$overlap
	python3 -B Tests/Reliability/card.py
	@echo "All checks passed."

man: release ## Write the manual pages into .build/man.
	rm -rf .build/man
	$(COMMLENS) manual -o .build/man

completions: release ## Write the completions of bash, zsh and fish into .build/completions.
	mkdir -p .build/completions
	$(COMMLENS) --generate-completion-script bash > .build/completions/commlens
	$(COMMLENS) --generate-completion-script zsh > .build/completions/_commlens
	$(COMMLENS) --generate-completion-script fish > .build/completions/commlens.fish

PREFIX ?= $(HOME)/.local
SHARE = $(DESTDIR)$(PREFIX)/share
install: man completions ## Install program, manual and completions below PREFIX (default: ~/.local).
	install -Dm755 $(COMMLENS) "$(DESTDIR)$(PREFIX)/bin/commlens"
	for page in .build/man/*; do \
	  install -Dm644 "$$page" "$(SHARE)/man/man$${page##*.}/$${page##*/}"; done
	install -Dm644 .build/completions/commlens "$(SHARE)/bash-completion/completions/commlens"
	install -Dm644 .build/completions/_commlens "$(SHARE)/zsh/site-functions/_commlens"
	install -Dm644 .build/completions/commlens.fish "$(SHARE)/fish/vendor_completions.d/commlens.fish"

.PHONY: static packages tarball deb wheel packages-check recipes docs

# The order matters: ICU, which libxml2 calls, is C++. COMMLENS_STATIC leaves out the loading of ISA-L.
STATIC := .build/static
STATIC_FLAGS := --static-swift-stdlib -Xswiftc -static-executable -Xcc -DCOMMLENS_STATIC \
  $(addprefix -Xlinker ,-licuuc -licudata -llzma -lstdc++ -lm)
static: ## Build a program that needs no library at all, for the nodes of a cluster.
	$(call install_missing,zlib1g-dev libxml2-dev libicu-dev liblzma-dev pkg-config binutils)
	swift build -c release --scratch-path $(STATIC) --product commlens $(STATIC_FLAGS)
	strip -o $(STATIC)/commlens $(STATIC)/release/commlens

# Whose code the static program contains; their licences go with it.
LINKED := libc6-dev libstdc++6 libxml2-dev libicu-dev liblzma-dev zlib1g-dev
PACKAGES := .build/packages
TREE := $(PACKAGES)/tree
packages tarball deb wheel packages-check: export SOURCE_DATE_EPOCH := \
  $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2> /dev/null || echo 315532800))
packages tarball deb wheel: static ## Pack the static program: tarball, .deb, Python wheel, SHA256SUMS.
	rm -rf $(PACKAGES)
	$(MAKE) --no-print-directory -o release install COMMLENS=$(STATIC)/commlens PREFIX=/usr DESTDIR=$(TREE)
	install -Dm644 -t $(TREE)/usr/share/doc/commlens LICENSE README.md CHANGELOG.md
	@licences=$(TREE)/usr/share/doc/commlens/licences; mkdir -p $$licences; \
	for package in $(LINKED); do cp /usr/share/doc/$$package/copyright $$licences/$$package; done; \
	for source in $(STATIC)/checkouts/*/; do cp "$$source"LICENSE* $$licences/"$$(basename "$$source")"; done; \
	cp "$$(dirname "$$(readlink -f "$$(command -v swift)")")"/../share/swift/LICENSE.txt $$licences/swift
	python3 -B Tests/Packaging/pack.py $(TREE) $(PACKAGES)/out $(filter-out packages,$@)
	@cat $(PACKAGES)/out/SHA256SUMS

packages-check: packages ## Try each package where nothing else is installed.
	python3 -B Tests/Packaging/check.py $(TREE) $(PACKAGES)/out

RECIPES := .build/recipes
recipes: build ## Run every recipe of the documentation, with what they need in an environment of its own.
	test -x $(RECIPES)/bin/python || python3 -m venv $(RECIPES)
	$(RECIPES)/bin/pip install --quiet pandas polars duckdb snakemake
	swift test --skip-build --disable-xctest --filter RecipeTests

GRAPHS := .build/docs/symbols
docs: build ## Check the articles and comments with DocC, and write the documentation into .build/docs.
	swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members > /dev/null
	@for module in CollectiveTrace TrafficAnalysis TrafficModel TrafficReport; do \
	  rm -rf $(GRAPHS); mkdir -p $(GRAPHS); \
	  cp .build/*/symbolgraph/$$module.symbols.json .build/*/symbolgraph/$$module@*.json $(GRAPHS) 2> /dev/null || true; \
	  docc convert Sources/$$module/$$module.docc --additional-symbol-graph-dir $(GRAPHS) \
	    --fallback-display-name $$module --fallback-bundle-identifier commlens.$$module \
	    --warnings-as-errors --output-path .build/docs/$$module.doccarchive; \
	  echo ".build/docs/$$module.doccarchive"; \
	done

clean: ## Remove what was built.
	rm -rf .build .build-*
