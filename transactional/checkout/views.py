"""Carts as they go over the wire."""

from collections.abc import Sequence

from transactional.checkout.priced import PricedCart
from transactional.checkout.requirements import Missing
from transactional.checkout.review import explained
from transactional.checkout.schemas import (
    AmountsView,
    CartLineView,
    CartView,
    CheckoutView,
    DeliveryView,
    MissingView,
    OfferView,
    PartView,
    Shortage,
)
from transactional.promotions.views import applied_views, discounts_of, hints, plain_money
from transactional.security import Keys


def cart_view(basket: PricedCart, keys: Keys) -> CartView:
    lines = [
        CartLineView(
            id=line["id"],
            sku=line["sku"],
            product=line["product"],
            name=line["name"],
            options=line["options"],
            image=line["image"],
            quantity=line["quantity"],
            unit_price=line["price"],
            list_price=line["list_price"],
            discounts=discounts_of(basket.promotions, line["id"]),
            total=amounts.total,
            available=line["available"],
            for_sale=line["status"] == "live" and "unpriced" not in line,
        )
        for line, amounts in zip(basket.lines, basket.amounts.lines, strict=True)
    ]
    return CartView(
        token=keys.token("cart", basket.cart["id"]),
        status=basket.cart["status"],
        channel=basket.cart["channel"],
        has_customer=basket.cart["customer_id"] is not None,
        currency=basket.cart["currency"],
        lines=lines,
        goods=sum(line.total for line in lines),
        coupons=basket.cart["coupons"] or [],
        promotions=applied_views(basket.promotions),
        hints=hints(basket.promotions, plain_money(basket.cart["currency"])),
    )


def delivery_view(basket: PricedCart) -> DeliveryView:
    offers = [
        OfferView(**{name: getattr(offer, name) for name in OfferView.model_fields})
        for offer in basket.offers
    ]
    return DeliveryView(currency=basket.cart["currency"], offers=offers)


def checkout_view(basket: PricedCart, missing: Sequence[Missing], keys: Keys) -> CheckoutView:
    amounts = basket.amounts
    cart = cart_view(basket, keys)
    return CheckoutView(
        cart=cart,
        amounts=AmountsView(
            currency=cart.currency,
            gross=amounts.gross,
            discount=amounts.discount,
            shipping=amounts.shipping,
            tax=amounts.tax,
            total=amounts.total,
        ),
        delivery=basket.delivery and basket.delivery.code,
        explanation=[PartView(**vars(part)) for part in explained(basket)],
        missing=[MissingView(code=each.code, field=each.field, message=each.message) for each in missing],
        shortages=[
            Shortage(sku=line.sku, wanted=line.quantity, available=line.available)
            for line in cart.lines
            if line.available < line.quantity
        ],
    )
