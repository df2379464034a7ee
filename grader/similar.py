"""Similar: groups of answers that say much the same, so that a person reads them together.

Answers are compared as bags of character n-grams and words, weighted by TF-IDF (G. Salton and
C. Buckley, "Term-weighting approaches in automatic text retrieval", Information Processing &
Management 24, 1988, 513-523). The answer with the most neighbours leads a group of all its
neighbours, and so on with what is left: whoever is in a group is close to its leader, and no chain
of small steps joins two answers that differ. Distances are computed in blocks of BLOCK MiB, and
only neighbours are kept: beyond 3,000 different answers no n × n matrix is ever whole.
"""

from collections import defaultdict
from collections.abc import Sequence

from sklearn import config_context
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_union

NEAR = 0.6  # cosine from which two answers are neighbours: one is a reworded other
BLOCK = 64  # MiB of distances at a time


def groups(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return the places of `texts` in groups, the largest first, the closest to its leader first.

    Texts that differ in white space alone are always together, and so are those without any text.
    The groups are the same whatever the order of `texts`; within one text the order is kept.
    """
    places = defaultdict(list)
    for place, text in enumerate(texts):
        places[" ".join(text.split())].append(place)
    empty = places.pop("", [])
    led = [
        tuple(place for text in group for place in places[text]) for group in _led(sorted(places))
    ]
    led.sort(key=len, reverse=True)
    return (*led, tuple(empty)) if empty else tuple(led)


def _led(texts: Sequence[str]) -> list[list[str]]:
    """Return different texts in groups, each with its leader first, then by distance from it."""
    if len(texts) < 2:
        return [[text] for text in texts]
    vectorizer = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
        TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True),
    )
    nearest = NearestNeighbors(radius=1 - NEAR, metric="cosine", algorithm="brute")
    nearest.fit(vectorizer.fit_transform(texts))
    with config_context(working_memory=BLOCK):
        distances, neighbours = nearest.radius_neighbors()
    left = set(range(len(texts)))
    found = []
    for leader in sorted(left, key=lambda place: (-len(neighbours[place]), place)):
        if leader in left:
            left.remove(leader)
            near = sorted(zip(distances[leader].round(6), neighbours[leader], strict=True))
            found.append([texts[leader], *(texts[other] for _, other in near if other in left)])
            left -= {int(other) for _, other in near}
    return found
