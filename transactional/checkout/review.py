"""A priced cart before it is ordered: what is missing, and what its total is made of."""

from transactional.checkout.explanation import Delivered, Given, Part, Sold, explain
from transactional.checkout.requirements import Address, Missing, Wanted, Wishes, missing
from transactional.checkout.service import PricedCart
from transactional.members.service import Buyer
from transactional.promotions import pricing
from transactional.staff.service import Terms


def missing_of(basket: PricedCart, to: Address, wishes: Wishes, terms: Terms) -> list[Missing]:
    """What stands between this cart and its order; the basket is priced for that address and delivery."""
    lines = [
        Wanted(line["sku"], line["quantity"], line["available"], line["status"] == "live")
        for line in basket.lines
    ]
    delivered = basket.delivery is not None
    return missing(lines, to, wishes, delivered=delivered, terms_demanded=terms.must_be_accepted)


def address_of(buyer: Buyer) -> Address:
    return Address(buyer.email, buyer.name, buyer.address, buyer.city, buyer.postal_code, buyer.country)


def explained(basket: PricedCart) -> list[Part]:
    """The rows that add up to the basket's total."""
    amounts, names = basket.amounts, {each.activity_id: each.name for each in basket.promotions.applied}
    lines = [
        Sold(line["quantity"], priced.gross, priced.discount, priced.tax, priced.tax_rate_bp)
        for line, priced in zip(basket.lines, amounts.lines, strict=True)
    ]
    given = [
        Given(row["promotion_id"], names[row["promotion_id"]], row["discount"], row["order_line_id"] is None)
        for row in pricing.given(basket.lines, amounts, basket.promotions)
    ]
    code, label = (
        ("", "Delivery") if basket.delivery is None else (basket.delivery.code, basket.delivery.name)
    )
    rate = amounts.shipping_tax_rate_bp
    return explain(lines, given, Delivered(code, label, amounts.shipping, amounts.shipping_tax, rate))
