"""Lists that come in pages: which page is shown, and where those beside it are."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Paging:
    """A page of a list, from 1, of how many; addresses are None where there is no page."""

    number: int
    pages: int
    previous: str | None
    next: str | None


def page_count(total: int, size: int) -> int:
    """How many pages hold `total` things; an empty list has one."""
    return max(1, -(-total // size))


def paging(number: int, pages: int, address: Callable[[int], str]) -> Paging:
    """Where page `number` stands among `pages`, each of which has an address."""
    return Paging(
        number,
        pages,
        address(number - 1) if number > 1 else None,
        address(number + 1) if number < pages else None,
    )
