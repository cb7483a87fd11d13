"""Whether a tax number can be one, by its country's form; whether it exists only a register tells.

Forms: the European Commission's list of VAT numbers by member state (VIES, "VAT identification numbers"), and
HMRC's for GB and XI. Countries that are not here are taken at their word, within bounds.
"""

import re

_FORMS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "GB": r"(\d{9}|\d{12}|GD[0-4]\d{2}|HA[5-9]\d{2})",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"(\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W])",
    "IT": r"\d{11}",
    "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{12}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"(\d{9}|\d{12}|GD[0-4]\d{2}|HA[5-9]\d{2})",
}
_ELSEWHERE = r"[A-Z0-9]{4,20}"
_PREFIX_OF = {"GR": "EL"}
_COUNTRY_OF = {"EL": "GR", "XI": "GB"}


def normalised(number: str) -> str:
    """Without what people put between the digits, in capitals."""
    return re.sub(r"[\s.\-/]", "", number).upper()


def is_plausible(number: str, country: str) -> bool:
    """Whether it has the form of its country; see `country_of`."""
    return country_of(number, country) is not None


def country_of(number: str, country: str) -> str | None:
    """The country whose form a number has, with or without the country's letters; None when it has none.

    Args:
        country: ISO 3166-1 alpha-2 of the company; letters of another country in the number overrule it.
    """
    bare = normalised(number)
    home = _PREFIX_OF.get(country, country)
    for prefix in (bare[:2], home):
        if prefix in _FORMS and re.fullmatch(_FORMS[prefix], bare.removeprefix(prefix)):
            return _COUNTRY_OF.get(prefix, prefix)
    return country if home not in _FORMS and re.fullmatch(_ELSEWHERE, bare) else None
