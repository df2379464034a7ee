"""Certificate: grade an assignment's whole corpus, and say what its checks are worth.

A *false reject* is a right answer that loses a point. A *false accept* is a wrong one that keeps
all points of a question that it should lose. *Astray* is a case that loses points elsewhere; what
could not be computed because a cell before it stopped is no fault of its own.
"""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import corpus, pipeline
from grader.assignment import Assignment
from grader.corpus import Case, Equivalent
from grader.device import processors
from grader.errors import AssignmentError
from grader.intake import Upload
from grader.pipeline import Settings
from grader.report import QuestionRecord, Report
from grader.sandbox.worker import Pool

FILE, STABILITY_FILE = "certificate.json", "stability.json"
SCHEMA = 1
Explained = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Result:
    """What became of one case.

    `lost` are the checks that it did not pass, by question; `kept` the questions that it should
    have lost points in and did not; `astray` those that it should not have lost points in.
    `named` are the misconceptions that were claimed, by question, `unique` which of the claims
    were sure. `fault` says why it could not be graded.
    """

    case: Case
    lost: Explained
    kept: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()
    named: Explained = field(default_factory=dict)
    unique: tuple[str, ...] = ()
    fault: str = ""
    argued: str = ""

    @property
    def holds(self) -> bool:
        """Whether the case earned what it deserves."""
        return not (self.fault or self.astray or (self.kept and not self.argued))


@dataclass(frozen=True)
class Figures:
    """The certificate's totals."""

    variants: int
    false_rejects: int
    mutants: int
    equivalent: int
    false_accepts: int
    astray: int
    attacks: int
    attacks_that_paid: int
    diagnoses_due: int
    diagnoses_right: int
    single_due: int
    single_right: int
    claims: int
    wrong_claims: int
    wrong_unique_claims: int


def results(assignment: Assignment, settings: Settings) -> Iterator[Result]:
    """Grade every case, as many at a time as there are processors; yield them in order.

    Raises AssignmentError where the corpus is broken, or where an argument for an equivalent
    mutant belongs to none that survives.
    """
    cases, argued = corpus.cases(assignment), corpus.equivalents(assignment)
    unused = set(argued)
    with (
        Pool(assignment, settings.device, warm=True, unsandboxed=settings.unsandboxed) as pool,
        pipeline.ending_together(settings, processors()) as (own, threads),
        tempfile.TemporaryDirectory(prefix="grader-certify-") as folder,
    ):

        def one(numbered: tuple[int, tuple[Case, str]]) -> Result:
            number, (case, text) = numbered
            path = Path(folder) / f"{number}.ipynb"
            path.write_text(text, encoding="utf-8")
            report = pipeline.grade(Upload(path.stem, path), assignment, own, pool).report
            return judge(case, report, assignment, argued)

        made = list(zip(cases, corpus.notebooks(assignment, cases), strict=True))
        for result in threads.map(one, enumerate(made)):
            unused = {each for each in unused if not (result.argued and _is(each, result.case))}
            yield result
    if unused:
        lines = "; ".join(f"{each.cell}: {each.after}" for each in sorted(unused, key=str))
        raise AssignmentError(
            f"{assignment.hidden / 'equivalent.toml'}: no surviving mutant is {lines}."
        )


def judge(
    case: Case, report: Report, assignment: Assignment, argued: Sequence[Equivalent] = ()
) -> Result:
    """Compare what a case has earned with what it deserves."""
    if report.status != "graded":
        return Result(case, {}, fault=report.message or report.status)
    lost = {
        question.name: tuple(c.name for c in question.checks if c.status != "passed")
        for question in report.questions
        if question.status != "full"
    }
    kept = tuple(sorted(case.loses - set(lost)))
    reason = next((each.why for each in argued if kept and _is(each, case)), "")
    return Result(
        case,
        lost,
        kept,
        tuple(
            question.name
            for question in report.questions
            if question.name in lost
            if question.name not in case.loses | case.spoils
            if not _blocked(question, case, report, assignment)
        ),
        {q.name: q.diagnosis.misconceptions for q in report.questions if q.diagnosis},
        tuple(
            q.name for q in report.questions if q.diagnosis and q.diagnosis.confidence == "unique"
        ),
        argued=reason,
    )


def figures(found: Sequence[Result]) -> Figures:
    """Return the totals of a certificate."""
    by_kind = {
        kind: [each for each in found if each.case.kind in kinds]
        for kind, kinds in (
            ("variants", ("variant",)),
            ("mutants", ("mistake", "pair", "mutant")),
            ("attacks", ("attack",)),
        )
    }
    due = [
        (each, question, wanted)
        for each in found
        for question, wanted in each.case.diagnosis.items()
    ]
    right = [(each, q, wanted) for each, q, wanted in due if _named(each, q) == wanted]
    single = [item for item in due if len(item[2]) == 1 and item[0].case.kind == "mistake"]
    # What is claimed can be judged where the case says what it is: mutants of the solution do not.
    claims = [
        (each, q, names)
        for each in found
        if each.case.kind in ("variant", "mistake", "pair")
        for q, names in each.named.items()
    ]
    wrong = [
        (each, q)
        for each, q, names in claims
        if not each.case.diagnosis.get(q, frozenset()) & set(names)
        or (q in each.unique and frozenset(names) != each.case.diagnosis.get(q))
    ]
    return Figures(
        variants=len(by_kind["variants"]),
        false_rejects=sum(bool(each.lost or each.fault) for each in by_kind["variants"]),
        mutants=len(by_kind["mutants"]),
        equivalent=sum(bool(each.argued) for each in by_kind["mutants"]),
        false_accepts=sum(
            bool(each.kept or each.fault) and not each.argued for each in by_kind["mutants"]
        ),
        astray=sum(bool(each.astray) for each in found),
        attacks=len(by_kind["attacks"]),
        attacks_that_paid=sum(bool(each.kept or each.fault) for each in by_kind["attacks"]),
        diagnoses_due=len(due),
        diagnoses_right=len(right),
        single_due=len(single),
        single_right=sum(item in single for item in right),
        claims=len(claims),
        wrong_claims=len(wrong),
        wrong_unique_claims=sum(q in each.unique for each, q in wrong),
    )


def kills(found: Sequence[Result], assignment: Assignment) -> dict[str, dict[str, int]]:
    """Return for each question how many wrong answers to it each of its checks noticed."""
    from grader import checks

    counted: Counter[tuple[str, str]] = Counter(
        (question, label)
        for each in found
        if each.case.kind != "variant"
        for question, labels in each.lost.items()
        if question in each.case.loses
        for label in labels
    )
    return {
        question.name: {
            case.name: counted[question.name, case.name]
            for path in (
                assignment.public_tests(question.name),
                assignment.hidden_tests(question.name),
            )
            for case in checks.load(path).test_cases
        }
        for question in assignment.questions
    }


def certificate(found: Sequence[Result], assignment: Assignment) -> dict[str, Any]:
    """Return the certificate as plain JSON values, without anything that depends on the machine."""
    return {
        "schema": SCHEMA,
        "assignment": {"name": assignment.name, "version": assignment.version},
        "digest": digest(assignment),
        "totals": vars(figures(found)),
        "kills": kills(found, assignment),
        "cases": [
            {
                "kind": each.case.kind,
                "name": each.case.name,
                "why": each.case.why,
                "holds": each.holds,
                "lost": {q: list(labels) for q, labels in each.lost.items()},
                "named": {q: list(names) for q, names in each.named.items()},
                "unique": list(each.unique),
                **({"equivalent": each.argued} if each.argued else {}),
                **({"fault": each.fault} if each.fault else {}),
            }
            for each in found
        ],
    }


def digest(assignment: Assignment) -> str:
    """Return the SHA-256 of everything in an assignment's two folders but its certificates."""
    whole = hashlib.sha256()
    for folder in (assignment.public, assignment.hidden):
        for path in sorted(folder.rglob("*")):
            if (
                path.is_file()
                and path.name not in (FILE, STABILITY_FILE)
                and "__pycache__" not in path.parts
            ):
                whole.update(path.relative_to(folder.parent).as_posix().encode() + b"\0")
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def to_text(document: Mapping[str, Any]) -> str:
    """Return a certificate as the text that is committed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _is(equivalent: Equivalent, case: Case) -> bool:
    if case.kind != "mutant" or equivalent.cell not in case.fills:
        return False
    return case.why == f"{equivalent.before} → {equivalent.after}"


def _named(result: Result, question: str) -> frozenset[str]:
    return frozenset(result.named.get(question, ()))


def _blocked(question: QuestionRecord, case: Case, report: Report, assignment: Assignment) -> bool:
    """Tell whether a question follows a wrong one that left it nothing to build on.

    Either that one earned no point, or what this one lost could not be computed after it.
    """
    follows = {each.name: set(each.follows) for each in assignment.questions}
    before, reached = set(follows[question.name]), set[str]()
    while before:
        name = before.pop()
        reached.add(name)
        before |= follows[name] - reached
    at_fault = reached & case.loses
    if any(each.score == 0 for each in report.questions if each.name in at_fault):
        return True
    missing = [check for check in question.checks if check.status != "passed"]
    return bool(at_fault) and all(
        check.status == "not_run" or check.message.startswith("Running your code raised")
        for check in missing
    )


# ------------------------------------------------------------------------------------ words


def summary(totals: Mapping[str, int]) -> Iterator[tuple[bool, str]]:
    """Yield the totals as sentences, each with whether it is as it should be."""
    t = totals
    wrong = t["mutants"] - t["equivalent"]
    yield (
        not t["false_rejects"],
        f"{t['variants']} right answers by other routes: {t['false_rejects']} false rejects",
    )
    yield (
        not t["false_accepts"],
        f"{wrong} wrong answers: {t['false_accepts']} false accepts "
        f"({t['equivalent']} more mutants are argued to be right)",
    )
    yield not t["astray"], f"{t['astray']} lost points in a question that they had right"
    yield (
        not t["attacks_that_paid"],
        f"{t['attacks']} attacks: {t['attacks_that_paid']} paid",
    )
    if t["diagnoses_due"]:
        yield (
            t["single_right"] >= 0.95 * t["single_due"],
            f"single misconceptions: {t['single_right']} of {t['single_due']} named; with pairs: "
            f"{t['diagnoses_right']} of {t['diagnoses_due']}",
        )
    yield (
        not t["wrong_unique_claims"],
        f"{t['claims']} claims: {t['wrong_claims']} wrong, "
        f"{t['wrong_unique_claims']} of these made as sure",
    )


def failures(found: Sequence[Result]) -> Iterator[str]:
    """Yield a sentence for each case that did not earn what it deserves."""
    for each in found:
        name = f"{each.case.kind} {each.case.name} ({each.case.why})"
        if each.fault:
            yield f"{name}: {each.fault}"
        if each.kept and not each.argued:
            yield f"{name}: expected to lose points in {', '.join(each.kept)}, found none lost."
        if each.astray:
            lost = "; ".join(label for q in each.astray for label in each.lost[q])
            yield f"{name}: expected to keep {', '.join(each.astray)}, lost: {lost}."


def page(document: Mapping[str, Any], stability: Mapping[str, Any] | None) -> str:
    """Return a certificate as a page of Markdown."""
    name = document["assignment"]["name"]
    lines = [
        f"# Certificate of the assignment {name}",
        "",
        f"Made by `grader verify -a {name} --table FILE`; a test holds it to the assignment's",
        "files. Every notebook below ran in the sandbox and was graded by the ordinary pipeline.",
        "",
    ]
    lines += [f"- {sentence}." for _, sentence in summary(document["totals"])]
    if stability:
        largest = stability["largest_share_of_the_bound"]
        shares = ", ".join(f"{q} {share:.3f}" for q, share in largest.items())
        same = stability["digest"] == document["digest"]
        when = "" if same else " (measured before the assignment's files last changed)"
        lines += [
            f"- {stability['variants']} right answers, {stability['seeds']} draws of inputs, "
            f"{' and '.join(map(str, stability['threads']))} threads: "
            f"{stability['false_rejects']} false rejects in {stability['notebooks']} notebooks"
            f"{when}.",
            f"- Largest error as a share of the bound{when}: {shares}.",
        ]
    lines += ["", "## What each check noticed", "", "| question | check | wrong answers |"]
    lines += ["|---|---|--:|"]
    dead = []
    for question, checks_ in document["kills"].items():
        for label, count in checks_.items():
            lines.append(f"| {question} | {label} | {count} |")
            dead += [f"{question}: {label}"] * (count == 0)
    lines += ["", "Dead weight (noticed nothing): " + ("; ".join(dead) or "none") + "."]
    argued = [case for case in document["cases"] if "equivalent" in case]
    if argued:
        lines += ["", "## Mutants that are right as well", "", "| change | why it is right |"]
        lines += ["|---|---|"]
        lines += [f"| `{case['why']}` | {case['equivalent']} |" for case in argued]
    lines += ["", "## Every case", ""]
    for kind, title in (
        ("variant", "Right answers"),
        ("mistake", "Mistakes"),
        ("pair", "Two mistakes in different questions"),
        ("attack", "Attacks"),
        ("mutant", "Mutants of the solution"),
    ):
        cases = [case for case in document["cases"] if case["kind"] == kind]
        if cases:
            lines += [f"### {title} ({len(cases)})", "", "| case | what it is | loses | named |"]
            lines += ["|---|---|---|---|", *map(_row, cases), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(case: Mapping[str, Any]) -> str:
    lost = ", ".join(question.split("_")[0] for question in case["lost"]) or "–"
    named = " + ".join(dict.fromkeys(n for names in case["named"].values() for n in names)) or "–"
    why = case["why"].replace("|", "\\|")
    shown = f"`{why}`" if case["kind"] == "mutant" else why
    return f"| {case['name']} | {shown} | {lost} | {named} |"
