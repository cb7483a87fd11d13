"""Carts as they go over the wire."""

from transactional.checkout.schemas import AmountsView, CartLineView, CartView, CheckoutView, Shortage
from transactional.checkout.service import PricedCart
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
            total=line["price"] * line["quantity"],
            available=line["available"],
        )
        for line in basket.lines
    ]
    return CartView(
        token=keys.token("cart", basket.cart["id"]),
        status=basket.cart["status"],
        currency=basket.cart["currency"],
        lines=lines,
        goods=sum(line.total for line in lines),
    )


def checkout_view(basket: PricedCart, keys: Keys) -> CheckoutView:
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
        shortages=[
            Shortage(sku=line.sku, wanted=line.quantity, available=line.available)
            for line in cart.lines
            if line.available < line.quantity
        ],
    )
