"""Names: where the files of a submission lie below the folder of its class."""

from grader.store import file_name

# All of those below.
FOLDERS = ("snapshots", "uploads", "reports", "feedback", "staff")


def snapshot_name(identifier: str) -> str:
    """Return the path of what a submission's run left."""
    return f"snapshots/{file_name(identifier)}.frames.gz"


def upload_name(fingerprint: str) -> str:
    """Return the path of what was handed in with this fingerprint."""
    return f"uploads/{fingerprint}.zip"


def report_name(identifier: str) -> str:
    """Return the path of a submission's report."""
    return f"reports/{file_name(identifier)}.json"


def page_names(identifier: str) -> dict[str, str]:
    """Return the paths of a submission's pages, by who reads them."""
    name = file_name(identifier)
    return {"student": f"feedback/{name}.html", "staff": f"staff/{name}.html"}
