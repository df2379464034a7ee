"""Families: the attacks, one module a kind."""

from attacks.families import (
    bombs,
    channel,
    endings,
    escape,
    lingering,
    reach,
    uploads,
    values,
)

FAMILIES = {
    "reach": reach.CASES,
    "escape": escape.CASES,
    "bombs": bombs.CASES,
    "endings": endings.CASES,
    "channel": channel.CASES,
    "values": values.CASES,
    "lingering": lingering.CASES,
    "uploads": uploads.CASES,
}
CASES = tuple(case for cases in FAMILIES.values() for case in cases)
