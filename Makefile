# Builds, runs and tests Bulwark. `make` alone says what there is to do.
#
# Only what changed is built again. What is built lies in dist/, what the tools keep in .build/.

MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:
# A newer Node.js than the machine's own comes first, where tools/setup.sh had to install one.
export PATH := $(CURDIR)/.node/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# --- What to build, and from what ---------------------------------------------------------------

machine := $(shell uname -m)
# libbpf's headers and npm's packages each have names of their own for it.
bpf_arch := $(subst x86_64,x86,$(subst aarch64,arm64,$(machine)))
npm_arch := $(subst x86_64,x64,$(subst aarch64,arm64,$(machine)))
bpf_flags := -O2 -g -Wall -Werror -target bpf -D__TARGET_ARCH_$(bpf_arch)
# The backends in both forms of bpf/read.bpf.h; with loads also in the second of bpf/lifecycle.bpf.h.
bpf_objects := dist/preemption.bpf.o $(foreach form,bpf direct.bpf perf.bpf,\
	$(foreach backend,tracepoint security,dist/$(backend).$(form).o))
shipped_folders := $(wildcard schema policy graph kubernetes native agent server cli)
sources := $(shell find $(shipped_folders) -name node_modules -prune -o -name '*.ts' -print)
# Not the scenarios below: they are for the tests, and no rules.
rules := $(wildcard rules/*.yaml)
demo := $(wildcard rules/attacks.bulwark)
c_files := $(shell find bpf native tools tests bench -name node_modules -prune -o -path bpf/gen -prune \
	-o -name '*.[ch]' -print -o -name '*.cc' -print)
generated := bpf/gen 'schema/*.gen.ts' docs/fields.md docs/events.md docs/rules.md \
	docs/config.md docs/runtime-policy.md docs/severity.md docs/graph.md \
	deploy/crds

.PHONY: help setup build artifacts run demo attack bench bench-rules baseline clean
.PHONY: test test-unit test-kernels guest scenarios check fmt lint linter formats c-checks tidy types generate generated
.PHONY: test-burst conformance fuzz

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

setup: ## install what this machine lacks to build and to test
	@tools/setup.sh test

generate: ## write what is generated from schema/ and rules/
	@node tools/generate.ts

build: ## build dist/: the eBPF objects, the addon, the program, the rules
	@tools/setup.sh build
	@$(MAKE) generate
	@# In a make of its own: it must see what was just generated.
	@$(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) artifacts

artifacts: $(bpf_objects) dist/bulwark.node dist/bulwark.js dist/rules dist/demo
	@: # Quiet when there is nothing to do.

dist/%.bpf.o: bpf/%.bpf.c Makefile
	@mkdir -p dist .build/bpf
	clang $(bpf_flags) -MMD -MP -MF .build/bpf/$*.d -MT $@ -c $< -o $@
	@llvm-strip -g $@ # Keeps .BTF and .BTF.ext, which loading needs; a third is DWARF.

dist/%.direct.bpf.o: bpf/%.bpf.c Makefile
	@mkdir -p dist .build/bpf
	clang $(bpf_flags) -DDIRECT_READS -MMD -MP -MF .build/bpf/$*.direct.d -MT $@ -c $< -o $@
	@llvm-strip -g $@

dist/%.perf.bpf.o: bpf/%.bpf.c Makefile
	@mkdir -p dist .build/bpf
	clang $(bpf_flags) -DDIRECT_READS -DBY_PERF -MMD -MP -MF .build/bpf/$*.perf.d -MT $@ -c $< -o $@
	@llvm-strip -g $@

-include $(wildcard .build/bpf/*.d)

dist/bulwark.node: $(wildcard native/*.cc native/*.h) native/Makefile
	@mkdir -p dist
	$(MAKE) -f native/Makefile OUT=$@

# esbuild's own program: the one in .bin/ is a script that adds a stack trace to every error.
esbuild := node_modules/@esbuild/linux-$(npm_arch)/bin/esbuild
# For bundled packages that still call `require`; a name that no source has.
banner := import { createRequire as bannerRequire } from 'node:module'; \
	const require = bannerRequire(import.meta.url)

# What a command loads when it is asked for is in files of its own: an agent reads no web server. A
# thread shares none of it, so that nothing is cut up for it.
# Names stay, for the stacks of errors. The last line has V8 compile it, for whoever builds: a start
# would take 50 ms more.
dist/bulwark.js: $(sources) package-lock.json Makefile bin/bulwark
	@mkdir -p dist && rm -rf dist/bulwark-*.js dist/bulwark-*.js.* dist/compiled
	$(esbuild) cli/start.ts --bundle --platform=node --format=esm --target=node22 --splitting \
		--outdir=dist --entry-names=bulwark --chunk-names='bulwark-[name]-[hash]' \
		--minify-whitespace --minify-syntax \
		--sourcemap --legal-comments=linked --log-level=warning --banner:js="$(banner)"
	$(esbuild) server/input/report-worker.ts --bundle --platform=node --format=esm --target=node22 \
		--outfile=dist/bulwark-reports.js --minify-whitespace --minify-syntax \
		--sourcemap --legal-comments=linked --log-level=warning --banner:js="$(banner)"
	@node --check $@
	@mkdir dist/compiled && bin/bulwark --version >/dev/null

dist/rules: $(rules) $(demo)
	@rm -rf $@ && mkdir -p $@
	@for file in $(rules) $(demo); do install -D -m 644 $$file dist/$$file; done

# What `bulwark demo` takes for its cluster.
dist/demo: $(wildcard tests/clusters/shop/*) cli/demo/severity.yaml
	@rm -rf $@ && mkdir -p $@/cluster
	@install -m 644 $(wildcard tests/clusters/shop/*) $@/cluster
	@install -m 644 cli/demo/severity.yaml $@

# --- Run and test -------------------------------------------------------------------------------

# Standard output is for alerts alone.
run: ## watch this machine: alerts to standard output; ARGS='--rules …'
	@$(MAKE) build >&2
	@bin/bulwark run --or-demo $(ARGS)

demo: ## record rules/attacks.bulwark again, the attack session that comes with Bulwark
	@tools/setup.sh test
	@$(MAKE) build
	@node tests/demo/record.ts

attack: ## attack throwaway containers; NAME='reverse-shell …', ARGS=--list or --twin
	@tools/setup.sh test
	@node tools/lab/attack.ts $(ARGS) $(NAME)

test: ## every check and every test; needs root for those of the kernel
	@tools/setup.sh test
	@$(MAKE) build
	@$(MAKE) -j$(shell nproc) --output-sync check
	@$(MAKE) generated
	@node tools/test.ts all

scenarios: ## perform a catalogue of tried attacks; ARGS='--from FILE --lanes N ID…'
	@tools/setup.sh scenarios
	@$(MAKE) build >&2
	@node tests/scenarios/run.ts $(ARGS)

test-kernels: ## the event tests on Linux 5.10, 6.1, 6.12 and 7.2, in QEMU; KERNEL=6.1 BACKEND=security for some
	@tools/setup.sh test
	@$(MAKE) build
	@node tools/test.ts kernels $(KERNEL) $(BACKEND)

guest: ## one command on another kernel, in QEMU; KERNEL=6.1 CMD='uname -a' CLOCK=instructions
	@tools/setup.sh test >&2
	@$(MAKE) build >&2
	@node tests/kernel/build.ts # A guest has no compiler.
	@node tools/guest.ts $(if $(CLOCK),--count-$(CLOCK)) '$(KERNEL)' '$(CMD)'

test-burst: build ## 1,000 containers of 50 ms, by runc and by containerd, in bursts: every event attributed
	@BULWARK_CONTAINERS=1000 node --test --test-concurrency=1 \
		tests/containerd/burst.test.ts tests/containerd/cri-burst.test.ts tests/kubernetes/pods.kernel.test.ts

test-unit: ## the tests that need neither kernel nor container; ONLY=policy for some
	@node tools/test.ts unit $(ONLY)

fuzz: ## nearly right rule files and conditions against their readers; SECONDS=120
	@tools/setup.sh build >&2
	@node tools/fuzz/run.ts $(SECONDS)

conformance: ## Falco's language against the real engine's answers; CASES=DIR for other files
	@tools/setup.sh build >&2
	@node tests/conformance/run.ts $(CASES)

# The longest first: `make test` has them run side by side.
check: formats types tidy linter c-checks ## everything that needs no run: tidy, tsc, the linter, the formats

types:
	@tsc -b

tidy: ## the import table, purity, banned calls, lengths, links
	@node tools/tidy.ts

lint: linter formats c-checks ## the linter and the formats, without changing a file

linter:
	@oxlint

formats:
	@prettier --check --log-level=warn .

c-checks:
	@clang-format --dry-run -Werror $(c_files)
	@# For both machines, in both forms of reading: the other machine's is run nowhere.
	@for machine in x86 arm64; do for form in '' -DDIRECT_READS '-DDIRECT_READS -DBY_PERF'; do for file in bpf/*.bpf.c; do \
		clang $(bpf_flags) -U__TARGET_ARCH_$(bpf_arch) -D__TARGET_ARCH_$$machine $$form \
			-fsyntax-only $$file || exit 1; \
	done; done; done

fmt: ## format every file
	@prettier --write --log-level=warn .
	@clang-format -i $(c_files)

# Only in CI is what differs a fault: a working copy may hold a change that is not committed yet.
generated:
ifdef CI
	@$(MAKE) generate
	@changed=$$(git status --porcelain -- $(generated)) || exit 1; \
	if [ -n "$$changed" ]; then \
		echo "these are not what schema/ generates; run \`make generate\` and commit them:"; \
		echo "$$changed"; exit 1; \
	fi
endif

bench: build ## run every benchmark; ARGS are given to each
	@for file in $(filter-out %/index.ts %/baseline.ts %.test.ts,$(wildcard bench/*.ts)); do \
		echo "# $$file"; node $$file $(ARGS) || exit 1; \
	done

bench-rules: build ## what rules cost, against what they may: loading, matching, replays
	@node bench/rules.ts
	@node bench/replay.ts

baseline: build ## run every benchmark and write bench/baseline.json, before and now; ARGS='--keep --guests'
	@node bench/baseline.ts $(ARGS)

clean: ## delete what was built; .node/ and node_modules/ stay
	rm -rf dist .build
