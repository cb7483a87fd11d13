"""The chart of accounts: which there are, of what kind, and who may move what is on them.

Assets and expenses grow as sources of postings, liabilities and income as destinations.
"""

from typing import Literal, cast

Kind = Literal["asset", "liability", "income", "expense"]

# The first word of a code is its kind, so that the warehouse needs no copy of this chart.
INVENTORY = "asset:inventory"
BANK = "asset:bank"
PAYABLE = "liability:payable"
REFUNDS = "liability:refunds"
TENDERED = "liability:tendered"
UNRELEASED = "liability:unreleased"
TAX = "liability:tax"
SALES = "income:sales"
DISCOUNTS = "income:discounts"
RETURNS = "income:returns"
SHIPPING = "income:shipping"
COST_OF_GOODS = "expense:cost_of_goods"
GIVEN_AWAY = "expense:given_away"
REVALUED = "expense:revaluation"
PRICE_VARIANCE = "expense:purchase_price_variance"
SHRINKAGE = "expense:shrinkage"
GOODWILL = "expense:goodwill"
LOYALTY = "expense:loyalty"
CHARGEBACKS = "expense:chargebacks"
REFUNDED_OUTSIDE = "expense:refunded_outside"
PAYMENT_FEES = "expense:payment_fees"
OTHER = "expense:other"

CHART = {
    INVENTORY: "Goods in the house and on their way inside it, at what their SKUs cost now",
    BANK: "Paid out by payment providers",
    PAYABLE: "Owed for goods received from suppliers nobody named",
    REFUNDS: "Owed to buyers until the provider has sent it",
    TENDERED: "Taken from holders for orders that are not paid yet",
    UNRELEASED: "Gift cards and points of orders that the staff looks at first",
    TAX: "Owed to the tax office",
    SALES: "Goods sold at list price, without tax",
    DISCOUNTS: "Taken off list prices; lowers income",
    RETURNS: "Goods credited to buyers; lowers income",
    SHIPPING: "Delivery charged, less what was credited",
    COST_OF_GOODS: "Cost of the goods sold, less what came back",
    GIVEN_AWAY: "Cost of replacements, samples and gifts, less what came back",
    REVALUED: "What goods in the house lost because their cost was changed, less what they gained",
    PRICE_VARIANCE: "Paid for goods received beyond what their SKUs cost",
    SHRINKAGE: "Cost of the goods lost, less what was found",
    GOODWILL: "Given to customers: balances, and gift cards nobody bought",
    LOYALTY: "Points given for orders, less what was taken back",
    CHARGEBACKS: "Taken back by buyers' banks, and what was given back with it",
    REFUNDED_OUTSIDE: "Given back at providers by hand, less what credit notes found gone with it",
    PAYMENT_FEES: "Kept by payment providers",
    OTHER: "What the staff books by hand and nothing else names",
}
# Accounts of which there is one per holder: the code goes on with the holder's name or id.
RECEIVABLE = "asset:receivable"
BALANCE = "liability:balance"
GIFT_CARD = "liability:gift_card"
POINTS = "liability:points"

HELD = {
    RECEIVABLE: "Taken by a payment provider, neither given back nor paid out, per provider",
    PAYABLE: "Owed for goods received, per supplier",
    BALANCE: "A customer's balance",
    GIFT_CARD: "What is left on a gift card",
    POINTS: "A customer's points, at what they are worth",
}
# What the shop owes these holders cannot be spent twice: each is a row that never goes below zero.
GUARDED = (BALANCE, GIFT_CARD, POINTS)
# Where the staff may post by hand: the others say what orders, shelves and holders have, and must stay right.
BY_HAND = (BANK, PAYABLE, GOODWILL, PAYMENT_FEES, PRICE_VARIANCE, OTHER)


def held(account: str, holder: str) -> str:
    """The code of a holder's account: `held(RECEIVABLE, "sandbox")` is asset:receivable:sandbox."""
    return f"{account}:{holder}"


def is_guarded(code: str) -> bool:
    return code.rpartition(":")[0] in GUARDED


def is_known(code: str) -> bool:
    """Whether the chart has this account."""
    return code in CHART or code.rpartition(":")[0] in HELD


def is_by_hand(code: str) -> bool:
    """Whether the staff may post to and from this account."""
    return is_known(code) and (code in BY_HAND or code.rpartition(":")[0] in BY_HAND)


def kind_of(code: str) -> Kind:
    return cast(Kind, code.partition(":")[0])


def balance_of(code: str, debits: int, credits: int) -> int:
    """An account's balance, positive on the side where accounts of its kind grow."""
    return debits - credits if kind_of(code) in ("asset", "expense") else credits - debits
