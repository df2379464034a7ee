"""Drive: grade the attacks, each followed by an honest notebook, in one run of warm processes.

    python tests/attacks/drive.py --tier A1 --families reach --folder DIR

Writes DIR/results.json: for every case the report, where the canary was found, what the honest
notebook after it was given, and the machine's state. `--namespace user` starts the warm process in
a user namespace. Where the tier does not work here the file says why instead.
"""

import argparse
import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attacks import course, families, honest, machine
from attacks.case import Case, Places
from support import write_notebook

from grader import policy, store
from grader.assignment import Course
from grader.batch.kept import to_frames
from grader.batch.names import snapshot_name
from grader.batch.produce import views
from grader.batch.publish import table
from grader.facts import facts_of
from grader.feedback.index import index
from grader.intake import Upload, uploads
from grader.pipeline import Graded, Settings, grade
from grader.sandbox import isolation, stage
from grader.sandbox.isolation import Isolation
from grader.sandbox.worker import Pool


def main() -> None:
    """Grade all cases in one tier and write what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tier", choices=("A1", "C", "none"), required=True)
    parser.add_argument("--namespace", choices=("own", "user"), default="own")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--families", nargs="+", choices=families.FAMILIES, required=True)
    arguments = parser.parse_args()
    tier = separated(arguments.tier, arguments.namespace)
    if tier is None:
        results: dict[str, object] = {"unavailable": f"tier {arguments.tier} does not work here"}
    else:
        isolation.for_device = lambda device: tier
        results = Drive(arguments.folder, tier.tier, arguments.families).run()
    (arguments.folder / "results.json").write_text(json.dumps(results))


def separated(tier: str, namespace: str) -> Isolation | None:
    """Return the isolation asked for, None where a throwaway child cannot be put into it."""
    if tier == "none":
        return Isolation("none", ())
    place = stage.make()
    try:
        prefix = isolation._user_namespace() if namespace == "user" else ()
        return isolation._try(place, tier, prefix)
    finally:
        place.remove()


class Drive:
    """One run: a planted course, a pool of warm processes for each assignment, and the cases."""

    def __init__(self, folder: Path, tier: str, chosen: list[str]) -> None:
        self._folder, self._tier = folder, tier
        # A place of its own, in which nobody else makes files at the same time.
        tempfile.tempdir = str(folder / "tmp")
        os.mkdir(tempfile.tempdir)
        os.chmod(folder, 0o755)
        self._cases = [case for name in chosen for case in families.FAMILIES[name]]
        self._canary = course.canary()
        self._course = Course(course.plant(folder / "course", self._canary))
        other = write_notebook(folder / "other.ipynb", f"mean = '{self._canary}'")
        hidden, public = folder / "course" / "reference", folder / "course" / "assignments"
        self._places = Places(hidden, public, other, folder / "service")
        # A service of the machine that no notebook should be able to talk to.
        self._service = socket.socket(socket.AF_UNIX)
        self._service.bind(str(self._places.service))
        self._service.listen()
        self._places.service.chmod(0o777)
        # What a careless staff member's shell would hand on.
        os.environ["COURSE_API_KEY"] = self._canary
        self._honest = {
            name: write_notebook(folder / f"honest-{name}.ipynb", *cells)
            for name, cells in honest.NOTEBOOKS.items()
        }

    def run(self) -> dict[str, object]:
        """Grade the honest notebooks, then each attack and the honest one after it."""
        names = sorted({case.assignment for case in self._cases})
        with ExitStack() as stack:
            self._pools = {name: stack.enter_context(self._pool(name)) for name in names}
            for name in names:
                self._grade_honest(name)  # the first finds what getting warm left in its home
            first = {name: self._grade_honest(name) for name in names}
            results = {}
            for case in self._cases:
                if self._tier in case.not_run_in:
                    continue
                before = self._state(names)
                results[case.name] = {
                    **self._attack(case),
                    "next": self._grade_honest(case.assignment),
                    "before": before,
                    "after": self._state(names),
                }
                machine.remove_marks()
        return {"honest": first, "cases": results}

    @contextmanager
    def _pool(self, name: str) -> Iterator[Pool]:
        with Pool(self._course.assignment(name), "cpu", warm=False, unsandboxed=True) as pool:
            yield pool

    def _attack(self, case: Case) -> dict[str, object]:
        folder = self._folder / "uploads" / case.name
        folder.mkdir(parents=True)
        if case.upload is None:
            path = write_notebook(folder / "a.ipynb", *map(self._places.fill, case.cells))
        else:
            path = case.upload(folder)
        began = time.monotonic(), time.process_time()
        (upload,) = uploads(path)
        graded = self._grade(upload, case.assignment)
        spent = time.monotonic() - began[0], time.process_time() - began[1]
        out = self._folder / "out" / case.name
        assignment = self._course.assignment(case.assignment)
        facts = facts_of(upload, "", graded)
        counts = policy.settle(graded.report, (), facts, assignment.settings)
        files = {
            **views(graded, counts, assignment),
            "grades.csv": table([counts]).encode(),
            "index.html": index([counts], assignment.settings.title, store.file_name).encode(),
        }
        if graded.execution:
            files[snapshot_name(upload.id)] = to_frames(graded.execution)
        for name, content in files.items():
            store.write(out / name, content)
        output = graded.execution.output if graded.execution else ""
        leaks = [p.relative_to(out).as_posix() for p in self._with_canary(out)]
        leaks += ["output"] if self._canary in output else []
        shutil.rmtree(folder)
        return {
            "report": graded.report.to_json(),
            "leaks": leaks,
            "seconds": spent[0],
            "trusted_seconds": spent[1],
            "output": output[-300:],
        }

    def _with_canary(self, folder: Path) -> Iterator[Path]:
        for path in folder.rglob("*"):
            if path.is_file() and self._canary.encode() in path.read_bytes():
                yield path

    def _grade(self, upload: Upload, name: str) -> Graded:
        settings = Settings(unsandboxed=True)
        return grade(upload, self._course.assignment(name), settings, self._pools[name])

    def _grade_honest(self, name: str) -> dict[str, object]:
        graded = self._grade(Upload("honest", self._honest[name]), name)
        report = graded.report.to_json()
        if report["execution"]:
            report["execution"].pop("seconds")
        observed = graded.execution.observations if graded.execution else ()
        values = [
            hashlib.sha256(json.dumps(dict(o.document)).encode() + o.blob).hexdigest()
            for o in observed
        ]
        return {"report": report, "values": values}

    def _state(self, names: list[str]) -> dict[str, object]:
        stages = []
        for name in names:
            with self._pools[name].lend() as worker:
                stages.append(worker._stage.place)
        return machine.state(self._course.root, stages)


if __name__ == "__main__":
    main()
