from datetime import date

import pandas as pd

from dashboards.reports.live import amounts_paid
from dashboards.view import Shop

DAY = date(2026, 5, 1)
SHOP = Shop("demo", "Storehouse", "Europe/London", "GBP", "en_GB", DAY, DAY)


def test_what_is_paid_in_another_currency_is_not_added_to_the_shops_own() -> None:
    bought = pd.DataFrame({"value": [1_000, 500, 900], "currency": ["GBP", None, "USD"]})
    assert amounts_paid(bought, SHOP) == ["£15.00", "US$9.00"]


def test_without_purchases_nothing_is_paid_in_the_shops_own_currency() -> None:
    assert amounts_paid(pd.DataFrame({"value": [], "currency": []}), SHOP) == ["£0.00"]
