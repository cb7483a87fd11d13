from dashboards import words


def test_money_is_shown_in_the_shops_locale_and_currency() -> None:
    assert words.money(120450, "GBP", "en_GB") == "£1,204.50"
    assert words.money(1204, "JPY", "en_GB") == "JP¥1,204"


def test_large_numbers_keep_only_the_digits_that_matter() -> None:
    assert words.short_money(1_240_000, "GBP", "en_GB") == "£12.4K"
    assert words.short_money(64_595, "GBP", "en_GB") == "£646"
    assert words.short_money(104_900, "EUR", "de_DE").replace("\xa0", " ") == "1.049 €"
    assert words.short_money(7_570, "GBP", "en_GB") == "£75.70"
    assert words.short_money(20_290_000, "GBP", "en_GB") == "£203K"
    assert words.short_money(123_456_700, "GBP", "en_GB") == "£1.2M"
    assert words.count(12_400, "en_GB") == "12.4K"
    assert words.count(202_900, "en_GB") == "203K"
    assert words.count(3_935, "de_DE") == "3.935"
    assert words.count(912, "en_GB") == "912"


def test_a_finding_names_direction_and_size() -> None:
    assert words.moved("Net sales", 92, 100, "en_GB") == "Net sales down 8% on the previous period"
    assert words.moved("Orders", 104, 100, "en_GB") == "Orders up 4% on the previous period"
    assert words.moved("Orders", 1001, 1000, "en_GB") == "Orders level with the previous period"


def test_a_finding_without_a_previous_period_says_so() -> None:
    assert "nothing to compare with" in words.moved("Orders", 5, 0, "en_GB")
    assert words.moved("Orders", 0, 0, "en_GB") == "Orders: none in these dates"


def test_a_loss_that_doubles_is_a_fall() -> None:
    assert words.change(-200, -100) == -1
