"""One Settings object: every path, port and URL of Storehouse comes from here.

Each field is read from the environment as ``STOREHOUSE_<FIELD>``, for example ``STOREHOUSE_HOME=/data``.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from iso import Country, Currency


class Theme(BaseModel):
    """Colours and type of everything people look at; see `theme.toml`."""

    class Colours(BaseModel):
        accent: str
        accent_dark: str
        ink: str
        muted: str
        line: str
        ground: str
        surface: str
        good: str
        bad: str
        warning: str
        categories: list[str]

    class Type(BaseModel):
        family: str

    colours: Colours
    type: Type


@cache
def theme() -> Theme:
    """The one theme, read from `theme.toml`."""
    return Theme.model_validate(tomllib.loads((Path(__file__).parent / "theme.toml").read_text()))


class UserError(Exception):
    """What the caller can mend: the command line shows it as one line, without a traceback."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STOREHOUSE_", frozen=True, extra="forbid")

    home: Path = Field(Path("var"), description="Folder that holds all state; relative to where you start.")
    host: str = Field("127.0.0.1", description="Address every server listens on.")

    shop_port: int = Field(8000, ge=1, le=65535)
    collector_port: int = Field(8001, ge=1, le=65535)
    sandbox_port: int = Field(8002, ge=1, le=65535)
    dagster_port: int = Field(3000, ge=1, le=65535)
    dashboards_port: int = Field(8501, ge=1, le=65535)

    database_url: str = Field("", description="Shop database; empty means SQLite at <home>/shop.db.")
    public_shop_url: str = Field("", description="How browsers reach the shop; empty means host and port.")
    public_collector_url: str = Field("", description="How browsers reach the collector.")
    public_sandbox_url: str = Field("", description="How browsers reach the sandbox payment provider.")

    shop_id: str = Field("demo", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="The shop in the lake.")
    shop_name: str = "Storehouse"
    shop_time_zone: str = "Europe/London"
    shop_currency: Currency = Field("GBP", description="What it is kept in: costs, stock, points, reports.")
    shop_other_currencies: tuple[Currency, ...] = Field(
        (), description='What it sells in besides, as ["EUR"]: each needs prices and rates of delivery.'
    )
    shop_locale: str = "en_GB"
    shop_country: Country = Field("GB", description="Where the first warehouse stands.")

    order_expiry_minutes: int = Field(30, ge=1, description="Unpaid orders expire after this.")
    review_above: int = Field(
        0, ge=0, description="Orders of more minor units wait for the staff once they are paid; 0: none."
    )
    completed_after_days: int = Field(14, ge=1, description="Orders are completed so long after they arrive.")
    stock_allocation: Literal["priority", "nearest"] = Field(
        "priority", description="Which warehouse an order leaves from, when several can send all of it."
    )
    points_per_unit: int = Field(0, ge=0, description="Points for each whole unit of goods paid; 0: none.")
    point_value: int = Field(1, ge=1, description="Minor units that a point is worth.")
    terms_must_be_accepted: bool = Field(False, description="Orders need the shopper's yes to the terms.")
    seller_name: str = Field("", max_length=200, description="On invoices; empty: the shop's name.")
    seller_address: str = Field("", max_length=400, description="On invoices; lines are split at commas.")
    seller_tax_number: str = Field("", max_length=32, description="On invoices; empty: none is shown.")
    sandbox_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Signs the sandbox's webhooks; empty: made once in <home>/secrets."
    )
    shop_secret: SecretStr = Field(
        SecretStr(""), description="Signs links to carts and orders; empty: made once in <home>/secrets."
    )
    staff_token: SecretStr = Field(
        SecretStr(""), description="Opens the staff's API; empty: made once and kept in <home>/secrets."
    )
    max_body_bytes: int = Field(65_536, ge=1_024, description="A larger request body is refused.")
    max_import_bytes: int = Field(16_777_216, ge=1_024, description="The same for the staff's CSV files.")
    requests_per_second: float = Field(200, ge=0, description="Sustained, from one address; 0: no limit.")
    request_burst: int = Field(2_000, ge=1, description="Requests one address may send at once.")
    idempotency_hours: int = Field(24, ge=1, description="How long answers to an Idempotency-Key are kept.")
    payment_repair_seconds: float = Field(15, gt=0, description="How often open payments are asked about.")
    sandbox_enabled: bool = Field(
        True, description="Whether payments of the sandbox count; false where real money is taken."
    )
    sandbox_methods: tuple[Literal["card", "card_instalments"], ...] = Field(
        ("card",), min_length=1, description="What the sandbox takes."
    )
    stripe_secret_key: SecretStr = Field(SecretStr(""), description="Empty: no payments through Stripe.")
    stripe_webhook_secret: SecretStr = Field(SecretStr(""), description="Of Stripe's endpoint for the shop.")
    stripe_methods: tuple[Literal["card", "card_instalments", "wallet", "bank_redirect"], ...] = Field(
        ("card",), min_length=1, description="What the account at Stripe has switched on."
    )
    stripe_api_url: str = "https://api.stripe.com"
    stripe_checkout_url: str = Field("https://checkout.stripe.com", description="Where shoppers pay.")
    alipay_app_id: str = Field("", description="Empty: no payments through Alipay.")
    alipay_private_key_file: Path | None = Field(None, description="PEM file of the shop's RSA key.")
    alipay_public_key_file: Path | None = Field(None, description="PEM file of Alipay's RSA public key.")
    alipay_gateway_url: str = "https://openapi.alipay.com/gateway.do"
    sandbox_late_seconds: float = Field(5, ge=0, description="How late the sandbox's late webhooks are.")

    tracker_honours_privacy_signals: bool = Field(True, description="Do-Not-Track and Global Privacy Control")
    tracker_cookieless: bool = Field(False, description="Visitor ids from a daily salt instead of a cookie.")
    collector_name: str = Field(
        "collector",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="Names this collector's part of the spool.",
    )
    collector_requests_per_second: float = Field(100.0, gt=0, description="Per client, over ten seconds.")
    collector_max_spool_bytes: int = Field(2_000_000_000, ge=1, description="Above it, answers 503.")

    batch_seconds: float = Field(1.0, gt=0, description="Pause between looks for new rows.")
    kept_builds: int = Field(3, ge=1, description="Published builds kept in serving/.")

    @field_validator("home")
    @classmethod
    def absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @property
    def shop_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'shop.db'}"

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def serving(self) -> Path:
        return self.home / "serving"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def media(self) -> Path:
        """Pictures of products."""
        return self.home / "media"

    @property
    def rejects(self) -> Path:
        return self.home / "rejects"

    @property
    def shop_url(self) -> str:
        return self.public_shop_url or f"http://{self.host}:{self.shop_port}"

    @property
    def collector_url(self) -> str:
        return self.public_collector_url or f"http://{self.host}:{self.collector_port}"

    @property
    def sandbox_url(self) -> str:
        return self.public_sandbox_url or f"http://{self.host}:{self.sandbox_port}"

    @property
    def dagster_url(self) -> str:
        return f"http://{self.host}:{self.dagster_port}"

    @property
    def dashboards_url(self) -> str:
        return f"http://{self.host}:{self.dashboards_port}"
