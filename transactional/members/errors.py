"""What the members room refuses."""

from transactional.errors import ShopError


class TooManyAddresses(ShopError):
    code = "too_many_addresses"

    def __init__(self, limit: int):
        super().__init__(f"An address book holds at most {limit} addresses.", limit=limit)
