import pytest

from transactional.checkout.errors import CartEmpty, NotForSale, OrderIncomplete
from transactional.checkout.requirements import Address, Invoicee, Missing, Wanted, Wishes, gate, missing
from transactional.checkout.tax_numbers import is_plausible
from transactional.stock.errors import OutOfStock

ADA = Address("ada@example.com", "Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB")
LINES = [Wanted("SHIRT0-S", 1, 10, True)]


def codes(
    lines: list[Wanted] | None = None,
    to: Address = ADA,
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    *,
    delivered: bool = True,
    terms_demanded: bool = False,
) -> list[tuple[str, str]]:
    wanted = LINES if lines is None else lines
    found = missing(wanted, to, wishes, delivered=delivered, terms_demanded=terms_demanded)
    return [(each.code, each.field) for each in found]


def test_nothing_is_missing_from_a_whole_order() -> None:
    assert codes() == []
    gate([])


def test_all_that_is_missing_is_told_at_once() -> None:
    assert codes(to=Address(), delivered=False) == [
        ("email_missing", "email"),
        ("name_missing", "name"),
        ("address_missing", "address"),
        ("city_missing", "city"),
        ("postal_code_missing", "postal_code"),
        ("country_missing", "country"),
    ]


def test_what_cannot_be_delivered_is_told_once_the_address_is_known() -> None:
    assert codes(delivered=False) == [("delivery_unavailable", "delivery_method")]


def test_terms_are_accepted_only_where_the_shop_demands_it() -> None:
    assert codes(terms_demanded=True) == [("terms_not_accepted", "terms_accepted")]
    assert codes(terms_demanded=True, wishes=Wishes(terms_accepted=True)) == []


def test_a_companys_invoice_needs_its_name_and_a_number_of_its_country() -> None:
    number = Wishes(invoice=Invoicee("Ada", tax_number="GB123456789"))
    assert codes(wishes=number) == [("company_missing", "invoice_company")]
    wrong = Wishes(invoice=Invoicee("Ada", "Engines Ltd", "12345"))
    assert codes(wishes=wrong) == [("tax_number_wrong", "invoice_tax_number")]
    assert codes(wishes=Wishes(invoice=Invoicee("Ada", "Engines Ltd", "GB 123 4567 89"))) == []


@pytest.mark.parametrize(
    ("number", "country", "plausible"),
    [
        ("GB123456789", "GB", True),
        ("123 4567 89", "GB", True),
        ("DE123456789", "DE", True),
        ("DE12345678", "DE", False),
        ("FR 8K 123456789", "FR", True),
        ("EL123456789", "GR", True),
        ("ATU12345678", "DE", True),
        ("AB-12-99", "US", True),
        ("'; drop", "US", False),
    ],
)
def test_a_tax_number_has_the_form_of_its_country(number: str, country: str, plausible: bool) -> None:
    assert is_plausible(number, country) is plausible


class TestGate:
    def test_lines_alone_are_refused_in_their_own_words(self) -> None:
        for lines, refusal in (
            ([], CartEmpty),
            ([Wanted("S", 1, 1, False)], NotForSale),
            ([Wanted("S", 2, 1, True), Wanted("T", 2, 1, True)], OutOfStock),
        ):
            with pytest.raises(refusal):
                gate(missing(lines, ADA, Wishes(), delivered=True, terms_demanded=False))

    def test_several_are_listed(self) -> None:
        found = missing([Wanted("S", 2, 1, True)], Address(), Wishes(), delivered=True, terms_demanded=False)
        with pytest.raises(OrderIncomplete) as refused:
            gate(found)
        listed = refused.value.details["missing"]
        assert [each["code"] for each in listed] == [each.code for each in found]

    def test_what_has_no_words_of_its_own_is_listed_too(self) -> None:
        with pytest.raises(OrderIncomplete):
            gate([Missing("email_missing", "email", "Enter an e-mail address.")])
