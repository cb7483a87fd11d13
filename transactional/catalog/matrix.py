"""Pure rules of batch generation: option values make combinations, and a template makes their SKU codes."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from math import prod
from string import Formatter

from transactional.catalog.errors import BadTemplate, TooManyCombinations, UnknownCombination

MAX_COMBINATIONS = 10_000
MAX_CODE = 64

Options = Mapping[str, str]


def combinations(values: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of option values, the last option changing fastest.

    Raises:
        TooManyCombinations: there are more than MAX_COMBINATIONS.
    """
    count = prod(len(each) for each in values.values())
    if count > MAX_COMBINATIONS:
        raise TooManyCombinations(count, MAX_COMBINATIONS)
    return [dict(zip(values, each, strict=True)) for each in product(*values.values())]


class Patterns:
    """Patterns that name some options: {"size": "XS"} fits every colour of that size.

    Looked up by the options they name, so that a thousand of them cost no more than one.
    """

    def __init__(self, patterns: Sequence[Options]):
        self._numbers: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}
        for number, pattern in enumerate(patterns):
            names = tuple(sorted(pattern))
            values = tuple(pattern[name] for name in names)
            self._numbers.setdefault(names, {}).setdefault(values, []).append(number)

    def fitting(self, options: Options) -> list[int]:
        """The numbers, from 0, of the patterns that these options fit; those that name most come last."""
        found: list[int] = []
        for names in sorted(self._numbers, key=len):
            values = tuple(options.get(name, "") for name in names)
            found += self._numbers[names].get(values, [])
        return found

    def refuse_unused(self, combos: Collection[Options]) -> None:
        """Raises UnknownCombination when one of the patterns fits none of these: it is misspelt."""
        for names, known in self._numbers.items():
            there = {tuple(options.get(name, "") for name in names) for options in combos}
            for values in known:
                if values not in there:
                    raise UnknownCombination(dict(zip(names, values, strict=True)))


def chosen(
    combos: Collection[dict[str, str]], only: Sequence[Options], leave_out: Sequence[Options]
) -> dict[int, dict[str, str]]:
    """The combinations, by their number from 1, that fit a pattern of `only` (all, when it is empty) and none
    of `leave_out`.

    Raises:
        UnknownCombination: a pattern fits none of the combinations.
    """
    wanted, unwanted = Patterns(only), Patterns(leave_out)
    for patterns in (wanted, unwanted):
        patterns.refuse_unused(combos)
    return {
        number: each
        for number, each in enumerate(combos, 1)
        if (not only or wanted.fitting(each)) and not unwanted.fitting(each)
    }


def identity(options: Options) -> frozenset[tuple[str, str]]:
    """What tells one combination from another, in whatever order its options are named."""
    return frozenset(options.items())


class CodeTemplate:
    """`{product}-{size}-{colour}`: text, {product}, {n} (the number of the combination) and option names."""

    def __init__(self, template: str, names: Iterable[str]):
        """Raises BadTemplate when it is not well formed or names something else."""
        known = {"product", "n", *names}
        try:
            parts = list(Formatter().parse(template))
        except ValueError as wrong:
            raise BadTemplate(template, str(wrong)) from None
        for _, name, form, conversion in parts:
            if name is not None and (name not in known or form or conversion):
                raise BadTemplate(
                    template, f"{{{name}}} is none of {', '.join(f'{{{each}}}' for each in sorted(known))}"
                )
        self._template = template
        self._parts = [(text, name) for text, name, _, _ in parts]

    def codes(self, slug: str, combos: Mapping[int, Options]) -> list[str]:
        """A SKU code for each combination, by its number, of the product with this slug.

        Raises:
            BadTemplate: two codes are equal, or one is empty, too long or holds white space.
        """
        made: dict[str, Options] = {}
        for number, options in combos.items():
            words = {"product": slug, "n": str(number), **options}
            code = "".join(text + (in_code(words[name]) if name else "") for text, name in self._parts)
            self._check(code, options, made)
            made[code] = options
        return list(made)

    def _check(self, code: str, options: Options, made: Mapping[str, Options]) -> None:
        shown = ", ".join(options.values())
        if not code or len(code) > MAX_CODE or re.search(r"[\s\x00-\x1f]", code):
            raise BadTemplate(
                self._template, f"{code!r}, of {shown}, is not 1 to {MAX_CODE} visible characters"
            )
        if code in made:
            raise BadTemplate(
                self._template, f"{code} is the code of {shown} and of {', '.join(made[code].values())}"
            )


def in_code(word: str) -> str:
    """A word as it stands in a SKU code: "Dark red" is DARK-RED, "Größe" is GROSSE; no ASCII: as it is."""
    plain = unicodedata.normalize("NFKD", word.upper()).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "-", plain).strip("-") or "-".join(word.split())
