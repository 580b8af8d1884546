# Everything that a newcomer, a developer and a build server call. Each target installs from Debian what it lacks and
# says so (Tools/setup.sh).
SWIFT ?= swift
TELAR := .build/release/telar
# The main job: options of `telar study aldecoa`, for example EPOCHS=15 DEVICE=cpu.
EPOCHS ?= 10
DEVICE ?= auto
# Other settings are other runs, so they have a folder of their own.
OUT ?= runs$(if $(filter-out 10,$(EPOCHS)),-$(EPOCHS))$(if $(filter-out auto,$(DEVICE)),-$(subst :,-,$(DEVICE)))
# More options of `telar study`, for example ARGS=--overwrite.
ARGS ?=

# Options of `gpu-static`: a file for the rows as JSON, some targets instead of all, as TARGETS="sm_90 gfx90a", and QUICK=1
# to leave out kernels for operands that are not aligned, except those of one tile.
JSON ?=
TARGETS ?=
QUICK ?=

# Studies of `results`, and seeds of each instead of five, of manolucos and brunello three: STUDY=molina SEEDS=6.
STUDY ?= molina aldecoa borgnino manolucos brunello
SEEDS ?=

# Where `install` puts the command; packagers put DESTDIR before it.
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: run results build install uninstall kernels test test-examples test-trust test-cluster test-drivers gpu-static \
	bench dist docs lint clean
.DEFAULT_GOAL := build

# The pre-training comparison of the aldecoa study on Fashion-MNIST: about five minutes on two cores after the build.
run:
	@Tools/setup.sh build run
	@$(SWIFT) build -c release --product telar
	@$(TELAR) study aldecoa case-1 case-2 case-3 case-4 --epochs $(EPOCHS) --device "$(DEVICE)" --out "$(OUT)" \
		--resume $(ARGS)

# The studies whole, at the texts' own settings, and their reports in Results: hours, for brunello days. What has been made
# already is not made again, and stopped it goes on when called again. STUDY=molina is a part of it.
results:
	@Tools/setup.sh build run
	@$(SWIFT) build -c release --product telar
	@for study in $(STUDY); do \
		seeds=$(SEEDS); \
		if [ -z "$$seeds" ]; then case $$study in manolucos|brunello) seeds=3;; *) seeds=5;; esac; fi; \
		$(TELAR) study $$study --seeds $$seeds --device "$(DEVICE)" --out runs-results --resume $(ARGS) && \
		$(TELAR) report runs-results/$$study --out Results/$$study --format markdown || exit; \
	done

# Leaves .build/release/telar.
build:
	@Tools/setup.sh build
	@$(SWIFT) build -c release --product telar

# The command with completions for bash, zsh and fish and a man page. It wants the Swift that it was built with: `make dist`
# makes one that needs none.
install: build
	@Tools/setup.sh install
	@Tools/install.sh "$(DESTDIR)$(PREFIX)"

uninstall:
	@Tools/install.sh --remove "$(DESTDIR)$(PREFIX)"

# What CKernels knows of the kernels, after one of Kernels/ has been added or its arguments changed.
kernels:
	@Tools/setup.sh lint
	@Tools/kernels/generate.py

# The documentation as pages: .build/docs.
docs: build
	@Tools/docs.sh

# All tests, then every kernel in Oclgrind with memory and race checks.
test:
	@Tools/setup.sh build run test
	@SWIFT="$(SWIFT)" Tools/test.sh

# The packages in Examples, built into .build beside the library and run.
test-examples: build
	@Tools/setup.sh run test
	@SWIFT="$(SWIFT)" Tools/test_examples.sh

# Mutated inputs, stopped runs, failing drivers, full disks and a long run: half an hour.
test-trust: build
	@Tools/setup.sh run test
	@Tools/test_trust.sh

# The scripts for clusters on a Slurm of one node that is started for them, as root.
test-cluster: build
	@Tools/setup.sh run cluster
	@Tools/test_cluster.sh

# The golden cases on two more OpenCL drivers, which are installed under .drivers: minutes, mostly for the slow one.
test-drivers: build
	@Tools/setup.sh drivers
	@Tools/test_drivers.sh

# What the compilers of NVIDIA, AMD and Intel make of every kernel that a GPU builds, held to Tools/gpu/targets.json:
# registers, spills, code size, the share of multiply-adds. No GPU is needed; CONTRIBUTING.md says how to read it.
gpu-static:
	@Tools/setup.sh gpu
	@Tools/gpu/static.py $(if $(QUICK),--quick) $(if $(TARGETS),--targets $(TARGETS)) \
		$(if $(JSON),--json "$(JSON)")

# Training speed of the eight networks, beside PyTorch's where a Python with PyTorch is found (PYTHON=…, .peers, PATH).
bench: build
	@Tools/setup.sh run
	@Tools/bench.sh

# A folder under dist that runs on other machines, with gpu-check in it for trying a GPU there, and a .tar.gz of it.
dist:
	@Tools/setup.sh build dist
	@SWIFT="$(SWIFT)" Tools/dist.sh

lint:
	@Tools/setup.sh lint
	@Tools/kernels/generate.py --check
	@Tools/gpu/test_readers.py
	@Tools/golden/embed.py --check
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Examples

clean:
	rm -rf .build .build-dist dist .drivers .gpu .onnx .trust
