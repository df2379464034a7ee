# Everything from a fresh machine: `make demo` and `make test` make .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The peer that the benchmark compares with, in an environment of its own.
NBGRADER := .venv-nbgrader

DEMO := right_solved right_fft kernel_flipped gratings_0_to_1 original_tutorial starter_untouched

.PHONY: demo test lint types certify benchmark soak starter clean

demo: $(READY)
	@echo
	@echo "== One notebook: a layer without padding ======================================="
	-@$(BIN)/grader grade tests/submissions/layer_without_padding/submission.ipynb
	@echo
	@echo "== A folder of notebooks ======================================================="
	-@$(BIN)/grader grade $(addprefix tests/submissions/,$(DEMO)) -o .demo
	@echo
	@echo "Open .demo/index.html in a browser: the class; .demo/feedback holds what each student reads."

test: $(READY)
	$(BIN)/python -m pytest -n auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

certify: $(READY)
	$(BIN)/grader verify --table docs/certificate.md

benchmark: $(READY) $(NBGRADER)/.ready
	$(BIN)/python -m benchmarks.throughput

soak: $(READY)
	$(BIN)/python -m benchmarks.soak

starter: $(READY)
	$(BIN)/grader build

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

$(NBGRADER)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(NBGRADER)
	$(NBGRADER)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[benchmark]"
	@touch $@

clean:
	rm -rf $(VENV) $(NBGRADER) .demo build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
