"""Invented customers: names, e-mail addresses that reach nobody, and British towns."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Person:
    """Somebody who can order; everything is invented, the domain is reserved by RFC 2606."""

    email: str
    name: str
    address: str
    city: str
    region: str
    postal_code: str
    country: str = "GB"


@cache
def _words() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("people.yml").read_text())
    return loaded


def invent(chance: random.Random, number: int) -> Person:
    """A person of their own for each `number`."""
    words = _words()
    first, last = chance.choice(words["first"]), chance.choice(words["last"])
    weights = [weight for *_, weight in words["towns"]]
    city, region, district, _ = chance.choices(words["towns"], weights=weights)[0]
    inward = f"{chance.randint(1, 9)}{chance.choice('ABDEFGHJ')}{chance.choice('LNPQRSTU')}"
    return Person(
        email=f"{first}.{last}.{number}@example.com".lower(),
        name=f"{first} {last}",
        address=f"{chance.randint(1, 180)} {chance.choice(words['streets'])}",
        city=city,
        region=region,
        postal_code=f"{district} {inward}",
    )
