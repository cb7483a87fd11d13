from transactional.checkout.delivery import Method, Parcel, Rate, Zone, choose, offers, zone_of

HOME = Zone("home", frozenset({"GB"}), ())
ISLANDS = Zone("islands", frozenset({"GB"}), ("HS", "ZE", "KW15"))
REST = Zone("rest", frozenset(), ())
ZONES = (HOME, ISLANDS, REST)
STANDARD = Method(
    "standard",
    "Standard",
    2,
    4,
    (
        Rate("home", "GBP", "free_over", 395, free_from=5_000),
        Rate("islands", "GBP", "weight", 595, 0, 2_000),
        Rate("islands", "GBP", "weight", 995, 2_000, 20_000),
    ),
)
EXPRESS = Method("express", "Express", 1, 1, (Rate("home", "GBP", "flat", 995),))


def had(country: str, postal_code: str, goods: int = 1_000, weight: int = 500) -> dict[str, int]:
    found = offers(ZONES, (STANDARD, EXPRESS), country, postal_code, Parcel(goods, weight, "GBP"))
    return {offer.code: offer.price for offer in found}


def test_an_address_lies_in_the_closest_zone() -> None:
    assert zone_of(ZONES, "GB", "SW1Y 4JH") == HOME
    assert zone_of(ZONES, "GB", "ze1 0aa") == ISLANDS
    assert zone_of(ZONES, "GB", "KW1 4YT") == HOME
    assert zone_of(ZONES, "GB", "KW15 1AA") == ISLANDS
    assert zone_of(ZONES, "FR", "ZE1") == REST
    assert zone_of((HOME,), "FR", "75001") is None


def test_a_rate_is_free_from_its_amount() -> None:
    assert had("GB", "SW1", goods=4_999) == {"standard": 395, "express": 995}
    assert had("GB", "SW1", goods=5_000) == {"standard": 0, "express": 995}


def test_a_rate_by_weight_holds_from_its_lower_bound_to_below_its_upper() -> None:
    assert had("GB", "ZE1", weight=1_999) == {"standard": 595}
    assert had("GB", "ZE1", weight=2_000) == {"standard": 995}
    assert had("GB", "ZE1", weight=20_000) == {}


def test_a_zone_without_rates_is_not_served() -> None:
    assert had("FR", "75001") == {}


def test_a_rate_in_another_currency_is_not_offered() -> None:
    assert offers(ZONES, (STANDARD,), "GB", "SW1", Parcel(1, 1, "EUR")) == []


def test_the_first_method_is_the_default() -> None:
    found = offers(ZONES, (STANDARD, EXPRESS), "GB", "SW1", Parcel(1, 1, "GBP"))
    assert [chosen and chosen.code for chosen in (choose(found, None), choose(found, "express"))] == [
        "standard",
        "express",
    ]
    assert choose(found, "drone") is None
