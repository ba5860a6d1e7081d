PYTHON ?= python3.11
HOST = 127.0.0.1
PORT ?= 8080
UV := .venv-uv/bin/uv
PYTEST := .venv-test/bin/python -m pytest
# Large buffers stay with the process instead of going back to the system after every request, in one heap that all of its threads use.
export MALLOC_ARENA_MAX ?= 1
export MALLOC_MMAP_THRESHOLD_ ?= 268435456
export MALLOC_TRIM_THRESHOLD_ ?= 268435456
# Requests at once: most wait for their turn. One that finds no thread would wait longer than QUEUE_SECONDS.
export THREADS ?= 80

.PHONY: serve check test environments picture samples screenshot gallery benchmark chromium image bulk-image

serve: URL = http://$(subst 0.0.0.0,localhost,$(HOST)):$(PORT)
serve: .venv/ready
	@echo "Starting on $(URL): open it in a browser, or run: curl -f -F image_file=@photo.jpg $(URL) -o cutout.png"
	@.venv/bin/functions-framework --target remove_background --host $(HOST) --port $(PORT)

check: .venv-test/ready
	.venv-test/bin/ruff check .
	.venv-test/bin/mypy

test: environments
	$(PYTEST) tests -n auto --dist worksteal --durations=15

picture: .venv-test/ready
	.venv-test/bin/python -m docs.picture

samples: .venv-test/ready
	.venv-test/bin/python -m docs.samples "$(BPY)"  # an interpreter that has bpy

screenshot: .venv/ready .venv-test/ready chromium
	.venv-test/bin/python -m docs.screenshot

gallery: .venv/ready
	.venv/bin/python -m docs.gallery "$(DIR)"

benchmark: .venv/ready .venv-test/ready
	.venv-test/bin/python -m benchmarks.serving

# The function as a container, and the bulk job's image for Dataflow: see Dockerfile and bulk/Dockerfile.
image: IMAGE ?= forecourt
image:
	docker build --tag "$(IMAGE)" .

bulk-image: IMAGE ?= forecourt-bulk
bulk-image:
	docker build --file bulk/Dockerfile --tag "$(IMAGE)" .

environments: .venv/ready .venv-test/ready .venv-bulk/ready chromium

# The page is tested in Debian's Chromium; who is not root installs it beforehand.
chromium:
	@test -x /usr/bin/chromium || test "$$(id -u)" != 0 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }

# Environments share the wheels in uv's cache. Each is made anew when its requirements change.
.venv/ready: requirements.txt
.venv-test/ready: requirements-test.txt requirements-train.txt requirements.txt
.venv-bulk/ready: requirements-bulk.txt

.venv/ready .venv-test/ready .venv-bulk/ready: | $(UV)
	@echo "Making $(@D) from $<: once, a minute or two"
	$(UV) venv --quiet --clear --python $(PYTHON) $(@D)
	$(UV) pip install --quiet --python $(@D)/bin/python -r $<
	@touch $@

$(UV):
	@echo "Making .venv-uv, which installs the packages: once"
	$(PYTHON) -m venv .venv-uv
	.venv-uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
