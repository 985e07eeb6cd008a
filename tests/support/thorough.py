"""The marker `thorough`: cases that show once more, with another value, what an earlier case has shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def first_of(
    count: int,
    names: str | Sequence[str],
    cases: Iterable[object],
    ids: Iterable[str] | Callable[[Any], str] | None = None,
    indirect: bool = False,
) -> pytest.MarkDecorator:
    """Parametrize a test as pytest does, and mark all cases but the first ones as `thorough`.

    Args:
        count: The number of cases of the default run, the most telling ones.
        names: The names of the parameters.
        cases: Their values.
        ids: The names of the cases.
        indirect: True if the values are those of fixtures.
    """
    listed = list(cases)
    single = isinstance(names, str) and "," not in names
    sets = [ParameterSet.extract_from(case, force_tuple=single) for case in listed]
    marked = [each if index < count else thorough(each) for index, each in enumerate(sets)]
    return pytest.mark.parametrize(names, marked, ids=ids, indirect=indirect)


def thorough(case: object) -> ParameterSet:
    """Return a case of a parametrization, marked as `thorough`."""
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, id=case.id, marks=[*case.marks, pytest.mark.thorough])
    return pytest.param(case, marks=pytest.mark.thorough)
