"""The sandbox's payout files: each day of UTC, once it is over, is one payout per currency."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from transactional.money import divide_half_up, money_text

_FEE_BP, _FEE_FIXED = 150, 20  # 1.5 % and 20 minor units of what is taken; refunds cost nothing
COLUMNS = ("payout_id", "line_id", "kind", "reference", "gross", "fee", "net", "currency", "occurred_at")


def fee(amount: int) -> int:
    """What the sandbox keeps of a movement, in minor units."""
    return divide_half_up(amount * _FEE_BP, 10_000) + _FEE_FIXED if amount > 0 else 0


def payout_file(moved: Iterable[dict[str, Any]]) -> str:
    """The CSV file of what moved."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in moved:
        amount, kept, currency = row["amount"], fee(row["amount"]), row["currency"]
        amounts = (money_text(each, currency) for each in (amount, kept, amount - kept))
        payout = f"po_{row['moved_at'].date()}_{currency}"
        at = row["moved_at"].isoformat()
        writer.writerow([payout, row["id"], row["kind"], row["reference"], *amounts, currency, at])
    return text.getvalue()
