"""Index: a class as one page for staff, with links to the page of each submission."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from grader.feedback import items
from grader.feedback.environment import environment
from grader.report import Report

_STEPS = 8  # of the colours h0 … h8 in style.css
_HEIGHT = 120.0
_WIDTH = 44.0


@dataclass(frozen=True)
class Bar:
    """One bar of the distribution of marks, in units of the drawing."""

    x: float
    y: float
    height: float
    count: int
    label: str


def index(reports: Sequence[Report], title: str, name_of: Callable[[str], str]) -> str:
    """Return the page. `name_of` gives the file name, below `staff/`, of a submission's id."""
    listed = sorted(reports, key=lambda report: report.submission.id)
    graded = [report for report in listed if report.status == "graded"]
    rates = items.check_rates(graded)
    return (
        environment()
        .get_template("index.html")
        .render(
            title=title,
            reports=listed,
            graded=graded,
            ungradable=sum(report.status == "ungradable" for report in listed),
            errors=sum(report.status == "error" for report in listed),
            pending=sum(report.manual_points_pending > 0 for report in graded),
            items=items.items(graded),
            rates=rates,
            misconceptions=items.misconceptions(graded),
            bars=_bars(items.distribution(graded)),
            link=lambda identifier: f"staff/{quote(name_of(identifier))}.html",
            heat=_heat,
            few=items.FEW,
            fewest=items.FEWEST,
        )
    )


def _heat(share: float) -> str:
    return f"h{round(max(0.0, min(1.0, share)) * _STEPS)}"


def _bars(counts: Sequence[int]) -> tuple[Bar, ...]:
    most = max((*counts, 1))
    return tuple(
        Bar(
            x=_WIDTH * place,
            y=round(_HEIGHT * (1 - count / most), 1),
            height=round(_HEIGHT * count / most, 1),
            count=count,
            label=f"{round(100 * place / len(counts))}–{round(100 * (place + 1) / len(counts))} %",
        )
        for place, count in enumerate(counts)
    )
