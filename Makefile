# The front door. Everything that is built goes to build/<preset>.
.PHONY: help build test demo bench install clean lint

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

help:
	@echo "make build     the program, optimised: build/release/contraflow"
	@echo "make test      build with assertions and run all tests"
	@echo "make demo      watch contraflow plan, run, prove and undo a migration on a server of its own"
	@echo "make bench     speed, against pg_dump and other tools"
	@echo "make install   program, man page and shell completions to $(PREFIX)"
	@echo "make lint      format and clang-tidy"
	@echo "make clean     remove build/"

build:
	@tools/setup.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target contraflow

test:
	@tools/setup.sh test
	@cmake --preset ci >/dev/null
	@cmake --build --preset ci -j $(JOBS)
	@ctest --test-dir build/ci --output-on-failure -j2

demo: build
	@tools/demo.sh build/release/contraflow

bench:
	@tools/setup.sh build
	@cmake --preset release -DCONTRAFLOW_BENCH=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target contraflow introspection_bench
	@tools/bench.sh build/release
	@tools/bench_rehearse.sh build/release
	@python3 bench/backfill.py --bin build/release/contraflow

install: build
	@tools/install.sh build/release/contraflow "$(DESTDIR)$(PREFIX)"

lint:
	@tools/lint.sh

clean:
	@rm -rf build
