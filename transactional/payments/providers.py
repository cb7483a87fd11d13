"""Opens the payment providers that the settings name."""

from pathlib import Path

from settings import Settings, UserError
from transactional.payments.provider import Provider
from transactional.payments.sandbox.client import SandboxProvider
from transactional.security import sandbox_secret


def open_providers(settings: Settings) -> dict[str, Provider]:
    """The shop's providers by name, real ones first: the first is the default.

    Raises:
        UserError: there is none, none takes a currency of the shop, or the settings of one are incomplete.
    """
    found: list[Provider] = []
    if settings.stripe_secret_key.get_secret_value():
        found.append(_stripe(settings))
    if settings.alipay_app_id:
        found.append(_alipay(settings))
    if settings.sandbox_enabled:
        found.append(_sandbox(settings))
    if not found:
        raise UserError("No payment provider: set STOREHOUSE_STRIPE_SECRET_KEY, or enable the sandbox.")
    for currency in (settings.shop_currency, *settings.shop_other_currencies):
        if not any(provider.methods(currency) for provider in found):
            names = ", ".join(provider.name for provider in found)
            raise UserError(f"No payment provider takes {currency}: there is only {names}.")
    return {provider.name: provider for provider in found}


def _sandbox(settings: Settings) -> Provider:
    return SandboxProvider(settings.sandbox_url, sandbox_secret(settings), taken=settings.sandbox_methods)


def _stripe(settings: Settings) -> Provider:
    # Imported by who uses it: an SDK takes a third of a second.
    from transactional.payments.stripe.client import StripeProvider

    if not settings.stripe_webhook_secret.get_secret_value():
        raise UserError("Stripe needs STOREHOUSE_STRIPE_WEBHOOK_SECRET too: its webhooks cannot be checked.")
    return StripeProvider(
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
        taken=settings.stripe_methods,
        api_url=settings.stripe_api_url,
        pay_origin=settings.stripe_checkout_url,
    )


def _alipay(settings: Settings) -> Provider:
    from transactional.payments.alipay.client import AlipayProvider

    return AlipayProvider(
        app_id=settings.alipay_app_id,
        private_key=_key(settings.alipay_private_key_file, "PRIVATE"),
        public_key=_key(settings.alipay_public_key_file, "PUBLIC"),
        gateway_url=settings.alipay_gateway_url,
    )


def _key(file: Path | None, kind: str) -> str:
    setting = f"STOREHOUSE_ALIPAY_{kind}_KEY_FILE"
    if file is None:
        raise UserError(f"Alipay needs {setting} too.")
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserError(f"{setting}: {file} cannot be read: {wrong}") from None
