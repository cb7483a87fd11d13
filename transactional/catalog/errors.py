"""What the catalog room refuses."""

from transactional.errors import ShopError


class AlreadyThere(ShopError):
    code = "already_exists"

    def __init__(self, what: str, key: str):
        super().__init__(f"There is a {what} {key!r} already.", what=what, key=key)


class CategoryCycle(ShopError):
    code = "category_cycle"

    def __init__(self, category: str):
        super().__init__(f"{category} cannot come to stand below itself.", category=category)


class CategoryInUse(ShopError):
    code = "category_in_use"

    def __init__(self, category: str):
        super().__init__(f"{category} has products or categories in it.", category=category)


class BrandInUse(ShopError):
    code = "brand_in_use"

    def __init__(self, brand: str):
        super().__init__(f"{brand} has products.", brand=brand)


class NotADraft(ShopError):
    code = "not_a_draft"

    def __init__(self, product: str, status: str):
        super().__init__(
            f"{product} is {status}: links know it, so it keeps its slug and can only be retired.",
            product=product,
            status=status,
        )


class ProductInUse(ShopError):
    code = "product_in_use"

    def __init__(self, product: str, table: str):
        super().__init__(
            f"{product} cannot be deleted: {table.replace('_', ' ')} refer to it.", product=product, by=table
        )


class IllegalStatus(ShopError):
    code = "illegal_status"

    def __init__(self, status: str, wanted: str):
        super().__init__(f"A product that is {status} cannot become {wanted}.", status=status, wanted=wanted)


class NothingToSell(ShopError):
    code = "nothing_to_sell"

    def __init__(self, product: str):
        super().__init__(f"{product} has no SKU and cannot go live.", product=product)


class PriceAboveList(ShopError):
    code = "price_above_list"

    def __init__(self, sku: str, price: int, list_price: int):
        super().__init__(
            f"The price of {sku}, {price}, is above its list price, {list_price}.",
            sku=sku,
            price=price,
            list_price=list_price,
        )


class BadTemplate(ShopError):
    code = "bad_template"

    def __init__(self, template: str, reason: str):
        super().__init__(
            f"The template {template!r} does not do: {reason}.", template=template, reason=reason
        )


class TooManyCombinations(ShopError):
    code = "too_many_combinations"

    def __init__(self, count: int, limit: int):
        super().__init__(f"{count} combinations are more than {limit}.", count=count, limit=limit)


class OtherOptions(ShopError):
    code = "other_options"

    def __init__(self, has: list[str], given: list[str]):
        super().__init__(
            f"This product's options are {', '.join(has) or 'none'}, not {', '.join(given) or 'none'}.",
            has=has,
            given=given,
        )


class SameOptions(ShopError):
    code = "same_options"

    def __init__(self, sku: str, other: str):
        super().__init__(f"{sku} and {other} would have the same options.", sku=sku, other=other)


class UnknownCombination(ShopError):
    code = "unknown_combination"

    def __init__(self, options: dict[str, str]):
        shown = ", ".join(f"{name} {value}" for name, value in options.items())
        super().__init__(f"None of these combinations has {shown}.", options=options)


class LastSku(ShopError):
    code = "last_sku"

    def __init__(self, sku: str):
        super().__init__(f"{sku} is all that its product has to sell: retire the product.", sku=sku)


class PreviewOutdated(ShopError):
    code = "preview_outdated"

    def __init__(self) -> None:
        super().__init__("This is not, or no longer, what the preview showed: look again, then apply.")


class BulkRefused(ShopError):
    code = "bulk_refused"

    def __init__(self, problems: list[str]):
        super().__init__(f"Nothing was changed. {problems[0]}.", problems=problems[:200], count=len(problems))


class TooManySelected(ShopError):
    code = "too_many_selected"

    def __init__(self, limit: int):
        super().__init__(f"More than {limit} SKUs are selected.", limit=limit)


class NotBought(ShopError):
    code = "not_bought"

    def __init__(self, product: str):
        super().__init__(f"This order has not bought {product}.", product=product)


class AlreadyReviewed(ShopError):
    code = "already_reviewed"

    def __init__(self, product: str):
        super().__init__(f"{product} has been reviewed with this order.", product=product)


class NoPrice(ShopError):
    code = "no_price"

    def __init__(self, sku: str, currency: str):
        super().__init__(f"{sku} has no price in {currency}.", sku=sku, currency=currency)
