# Set-up, build, tests and the demo of fixlipd. Needs Debian 12 (or a system with the same packages) and Swift 6.
.PHONY: setup build demo test lint dist test-dist test-notebook test-demo-model test-shapiq test-captions bench bench-quick bench-faithfulness install fuzz sanitize

PREFIX ?= /usr/local
BUILD = .build/release
export FIXLIPD ?= $(CURDIR)/$(BUILD)/fixlipd
PYTHON ?= python3

# Libraries the program is built on.
PACKAGES = pkg-config libjansson-dev libdnnl-dev libopenblas-dev libpng-dev libjpeg-dev libwebp-dev zlib1g-dev \
	libssl-dev patchelf
# What packages are made with.
DIST_PACKAGES = dpkg-dev lintian man-db xz-utils
# Programs that tests drive the clients with.
TEST_PACKAGES = jq socat python3 python3-pip neovim emacs-nox elpa-eglot nodejs zsh fish python3-numpy fonts-noto-color-emoji chromium chromium-driver

setup:
	@tools/setup/debian-packages $(PACKAGES)

build: setup
	swift build -c release --product fixlipd

demo: build
	@mkdir -p build
	$(FIXLIPD) explain models/demo/scenes/scene-01.png "a dog next to a guitar" --html build/demo.html

test:
	@tools/test/all

# Installs what is built, and compiles nothing: run `make build` as yourself before.
install:
	@packaging/stage $(PREFIX) --destdir "$(DESTDIR)"

# Every package into build/dist: a Python wheel with the program inside, a tarball, a .deb, and a .vsix.
dist: build
	BUILT=$(BUILD)/fixlipd packaging/dist build/dist

# The packages in a Debian system without a Swift toolchain. As root.
test-dist: build
	tools/setup/debian-packages $(DIST_PACKAGES) debootstrap qemu-user
	tools/test/dist --whole

# The format of every source file, and what else can be read off without running it.
lint:
	@tools/lint/run

bench: build
	test -d .peers/venv || $(PYTHON) -m venv .peers/venv
	.peers/venv/bin/pip install -q numpy pillow torch transformers openvino onnx onnxscript onnxruntime
	.peers/venv/bin/python benchmarks/run.py --peers .peers/venv

bench-quick: build
	$(PYTHON) benchmarks/run.py --quick

# Faithfulness against budget, beside the paper's public code and shapiq: docs/faithfulness.md. Takes hours; FAITHFULNESS=--quick does not.
bench-faithfulness: build
	PYTHON=$(PYTHON) benchmarks/faithfulness/install .peers/faithfulness
	.peers/faithfulness/bin/python benchmarks/faithfulness/run.py $(FAITHFULNESS)

# The example notebook, run from its first cell to its last; its page is checked where Chromium is installed.
test-notebook: build
	tools/test/notebook
	.peers/notebook/bin/python tools/test/kernel.py

# Our exports read and drawn by the real shapiq, and its files imported.
test-shapiq: build
	test -d .peers/shapiq || $(PYTHON) -m venv .peers/shapiq
	.peers/shapiq/bin/pip install -q shapiq==1.4.1 matplotlib
	.peers/shapiq/bin/python tools/shapiq/check.py --daemon $(FIXLIPD)

# Captions in random documents, beside what the languages' own parsers read.
CAPTION_DOCUMENTS ?= 2000
test-captions: build
	test -d .peers/captions || $(PYTHON) -m venv .peers/captions
	.peers/captions/bin/pip install -q html5lib==1.1 markdown-it-py==4.3.0 docutils==0.23
	.peers/captions/bin/python tools/captions/compare.py $(FIXLIPD) --documents $(CAPTION_DOCUMENTS)

# A run of minutes of the demo model's training, from its scenes to a folder that the daemon loads.
test-demo-model: build
	"$$(tools/demo-model/venv)" tools/demo-model/training_checks.py $(FIXLIPD)

# Readers of unchecked bytes under libFuzzer, FUZZ_SECONDS each.
FUZZ_SECONDS ?= 60
fuzz: setup
	tools/fuzz/run $(FUZZ_SECONDS)

# The tests of what is ours in memory and threads, under AddressSanitizer, then under ThreadSanitizer: two builds of their own.
sanitize: setup
	tools/test/sanitize address
	tools/test/sanitize thread
