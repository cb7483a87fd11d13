"""Which activities may apply together, and which of them are chosen where they may not."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations as combinations_of

from transactional.promotions.rules import Activity

Friends = Mapping[str, frozenset[str]]
Clashing = Mapping[str, AbstractSet[str]]


def stacks(one: Activity, other: Activity) -> bool:
    """Whether their classes may be combined; both have to allow it."""
    return other.of in one.combines_with and one.of in other.combines_with


def excludes(one: Activity, other: Activity) -> bool:
    """Whether a group or a "not with" list keeps them apart, whatever the basket."""
    same_group = one.group is not None and one.group == other.group
    return same_group or one.id in other.not_with or other.id in one.not_with


def clashes(one: Activity, other: Activity) -> bool:
    """Whether they cannot both apply to one basket.

    Two product offers that do not stack may: each takes lines of its own.
    """
    if excludes(one, other):
        return True
    return not stacks(one, other) and (one.of, other.of) != ("product", "product")


def clashing(activities: Sequence[Activity]) -> Clashing:
    """By id, the activities that cannot apply to the same basket."""
    found: dict[str, set[str]] = {each.id: set() for each in activities}
    for one, other in combinations_of(activities, 2):
        if clashes(one, other):
            found[one.id].add(other.id)
            found[other.id].add(one.id)
    return found


def choose(
    activities: Iterable[Activity],
    clash: Clashing,
    alone: Mapping[str, int],
    worth: Callable[[Sequence[str]], int],
    looks: int,
) -> list[str]:
    """Ids of activities of which no two clash.

    The higher priority goes first, and a group goes with the highest of its members. Among equals the one
    that saves most together with those already chosen and those that may join it is taken; when that has been
    asked often enough, the one that saves most alone.

    Args:
        alone: what each saves without others, in minor units.
        worth: what some save together; asked at most `looks` times.
    """
    waiting = {each.id: each for each in sorted(activities, key=lambda each: each.id)}
    rank, chosen = _ranks(list(waiting.values())), list[str]()
    while waiting:
        top = max(rank[each] for each in waiting)
        first = [each for each in waiting if rank[each] == top]
        taken = [each for each in first if clash[each].isdisjoint(waiting)]
        if not taken and len(first) <= looks:
            looks -= len(first)
            taken = [
                max(first, key=lambda each: worth([*chosen, each, *_joining(each, waiting, clash, alone)]))
            ]
        elif not taken:
            taken = [max(first, key=lambda each: alone[each])]
        chosen += taken
        waiting = {
            key: each for key, each in waiting.items() if key not in taken and clash[key].isdisjoint(taken)
        }
    return chosen


def _joining(
    one: str, waiting: Mapping[str, Activity], clash: Clashing, alone: Mapping[str, int]
) -> list[str]:
    """Those waiting that may join one that is taken; of which no two clash, by what they save alone."""
    left = [each for key, each in waiting.items() if key != one and key not in clash[one]]
    return choose(left, clash, alone, lambda _: 0, 0)


def _ranks(activities: Sequence[Activity]) -> dict[str, int]:
    of_group: dict[str, int] = {}
    for each in activities:
        if each.group is not None:
            of_group[each.group] = max(each.priority, of_group.get(each.group, each.priority))
    return {each.id: of_group[each.group] if each.group else each.priority for each in activities}


def friends_of(activities: Sequence[Activity]) -> Friends:
    """By id, the activities that can take something off the same unit."""
    return {
        one.id: frozenset(
            other.id
            for other in activities
            if other.id != one.id and stacks(one, other) and not excludes(one, other)
        )
        for one in activities
    }


def combinations(friends: Friends, among: frozenset[str], together: str) -> Iterator[frozenset[str]]:
    """The largest sets of friends that hold `together` (Bron and Kerbosch 1973); there may be very many.

    Smaller sets are parts of these, and no offer makes another one smaller by leaving.

    Args:
        among: the activities to choose from.
    """

    def grow(
        chosen: frozenset[str], possible: frozenset[str], seen: frozenset[str]
    ) -> Iterator[frozenset[str]]:
        if not possible and not seen:
            yield chosen
            return
        pivot = max(sorted(possible | seen), key=lambda each: len(friends[each] & possible))
        for each in sorted(possible - friends[pivot]):
            yield from grow(chosen | {each}, possible & friends[each], seen & friends[each])
            possible, seen = possible - {each}, seen | {each}

    return grow(frozenset({together}), friends[together] & among, frozenset())


def rivals(friends: Friends, among: Iterable[str]) -> list[list[str]]:
    """The activities in classes, of each of which at most one can take something off a unit."""
    classes: list[list[str]] = []
    for each in sorted(among):
        fitting = next((one for one in classes if friends[each].isdisjoint(one)), None)
        if fitting is None:
            classes.append([each])
        else:
            fitting.append(each)
    return classes
