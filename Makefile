PYTHON ?= python3.11
PORT ?= 8080
# Large buffers stay with the process instead of going back to the system after every request, in one heap that all of its threads use.
export MALLOC_ARENA_MAX ?= 1
export MALLOC_MMAP_THRESHOLD_ ?= 268435456
export MALLOC_TRIM_THRESHOLD_ ?= 268435456

.PHONY: serve test picture samples screenshot gallery benchmark chromium

serve: .venv/ready
	@echo "try: curl -F image_file=@photo.jpg localhost:$(PORT) -o cutout.png"
	@.venv/bin/functions-framework --target remove_background --port $(PORT)

test: .venv/ready .venv-test/ready .venv-bulk/ready chromium
	.venv-test/bin/python -m pytest tests -n auto --dist loadfile --no-loadscope-reorder

picture: .venv-test/ready
	.venv-test/bin/python -m docs.picture

samples: .venv-test/ready
	.venv-test/bin/python -m docs.samples

screenshot: .venv/ready .venv-test/ready chromium
	.venv-test/bin/python -m docs.screenshot

gallery: .venv/ready
	.venv/bin/python -m docs.gallery "$(DIR)"

benchmark: .venv/ready .venv-test/ready
	.venv-test/bin/python -m benchmarks.serving

# The page is tested in Debian's Chromium; who is not root installs it beforehand.
chromium:
	@test -x /usr/bin/chromium || test "$$(id -u)" != 0 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }

.venv/ready: requirements.txt
.venv-test/ready: requirements.txt requirements-train.txt requirements-test.txt

.venv/ready:
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# In the next two, modules are compiled when they are imported: of TensorFlow and Beam little is.
.venv-test/ready:
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/pip install --quiet --disable-pip-version-check --no-compile -r requirements-test.txt
	@touch $@

.venv-bulk/ready: requirements-bulk.txt
	$(PYTHON) -m venv .venv-bulk
	.venv-bulk/bin/pip install --quiet --disable-pip-version-check --no-compile -r requirements-bulk.txt
	@touch $@
