# SPDX-License-Identifier: BSD-2-Clause
# Postern. `make run` boots it, `make test` tests it; everything else is in tools/postern.
#
# Variables, each with its default:
#   SYSTEM=system.xml      system description to build, boot or check
#   CONFIG=                kernel: debug, release, smp-debug or smp-release; for run, smoke, check
#   EMULATOR=qemu          qemu or bochs; for run and smoke
#   CPUS=                  number of CPUs; for run and smoke (1, or 2 with an smp kernel)
#   T=                     only tests or benchmarks whose name contains this
#   CASES=100000           how many cases of hostile input each test of `make fuzz` makes up
#   WITHOUT_PATCH=         numbers of kernel patches to leave out; for test, which must fail then
#   POSTERN_CACHE=~/.cache/postern   where what is built once per machine is kept
#   CARGO=cargo            Rust's build tool

SYSTEM ?= system.xml
CARGO ?= cargo
EMULATOR ?= qemu
CONFIG ?=
CPUS ?=
T ?=
CASES ?= 100000
WITHOUT_PATCH ?=

# Make's own variables would make the builds below believe that they share its job server.
postern = @env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	$(if $(WITHOUT_PATCH),POSTERN_WITHOUT_PATCH=$(WITHOUT_PATCH)) \
	$(CARGO) run --quiet --release --locked --package postern --
boot = --system $(SYSTEM) --emulator $(EMULATOR) $(if $(CONFIG),--config $(CONFIG)) $(if $(CPUS),--cpus $(CPUS))

.PHONY: help run smoke image test fuzz check bench clean picture fmt lint tools

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
	@sed -n '/^# Variables/,/^$$/s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

run: tools ## boot the system in an emulator, its serial port on this terminal
	$(postern) run $(boot)

smoke: tools ## boot the system unattended and check what every protection domain says
	$(postern) smoke $(boot)

image: tools ## build the bootable image only
	$(postern) image $(boot)

test: tools ## all tests, or those whose name contains T
	$(postern) test $(if $(T),'$(T)')

fuzz: tools ## hostile input for the virtual machine monitor, with new random numbers
	@PROPTEST_CASES=$(CASES) $(CARGO) test --release --locked --no-fail-fast \
	  $(patsubst vmm/%/Cargo.toml,--package vmm-%,$(filter-out vmm/pd/%,$(wildcard vmm/*/Cargo.toml))) $(T)

check: tools ## check SYSTEM, building nothing
	$(postern) check $(SYSTEM) $(if $(CONFIG),--config $(CONFIG))

bench: tools ## all benchmarks, or those whose name contains T; results in target/bench
	$(postern) bench $(if $(T),'$(T)')

picture: tools ## draw SYSTEM as docs/system.svg
	@$(CARGO) run --quiet --release --locked --package picture -- $(SYSTEM) docs/system.svg

fmt: tools ## format the Rust sources
	@$(CARGO) fmt --all

lint: tools ## what the continuous integration demands besides the tests
	$(postern) lint

clean: ## remove everything that was built here (what is in POSTERN_CACHE stays)
	@rm -rf target

# Cargo and a C compiler (cargo links with it) are all that must be there; the rest is found or
# installed by tools/postern.
tools:
	@command -v $(CARGO) >/dev/null 2>&1 || { \
	  echo "Postern needs cargo, Rust's build tool, and found none in PATH." >&2; \
	  echo "Install Rust 1.95 or newer, by https://rustup.rs or your distribution (Debian: rustup)." >&2; exit 1; }
	@command -v cc >/dev/null 2>&1 || { \
	  echo "Postern needs a C compiler: trying to install gcc." >&2; \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -q=2 && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -q=2 --no-install-recommends gcc libc6-dev >/dev/null || { \
	  echo "Please run: sudo apt-get install gcc libc6-dev" >&2; exit 1; }; }
	@test -x target/release/postern || { \
	  echo "Building Postern's own tools; this takes a minute or two the first time."; \
	  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(CARGO) build --release --locked --package postern; }
