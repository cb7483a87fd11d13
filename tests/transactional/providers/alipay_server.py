"""Alipay as the shop sees it: its gateway on a socket, and its signed notices.

It checks the RSA2 signature of every request with the shop's public key, signs what it answers with its own,
and keeps to the documented wire format: https://opendocs.alipay.com/open/270/105899.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from Cryptodome.Hash import SHA256
from Cryptodome.PublicKey import RSA
from Cryptodome.Signature import pkcs1_15
from serving_here import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

APP_ID = "2021000000000001"
Json = dict[str, Any]
DONE = {"code": "10000", "msg": "Success"}


def refused(sub_code: str, code: str = "40004") -> Json:
    return {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_code}


@cache
def rsa_key(owner: str) -> RSA.RsaKey:
    """A key of somebody, made once in a run of the tests: that takes half a second."""
    return RSA.generate(2048)


def signed(key: RSA.RsaKey, text: str) -> str:
    return b64encode(pkcs1_15.new(key).sign(SHA256.new(text.encode()))).decode()


def unsigned(fields: dict[str, str], *without: str) -> str:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in without)


@dataclass
class AlipayServer:
    key: RSA.RsaKey
    shop_key: RSA.RsaKey
    url: str = ""
    trades: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    says: str = ""  # instead of any answer
    lose_answers: bool = False  # what is asked is done, but the answer is an empty 500
    slow_refunds: bool = False

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/gateway.do", self._gateway)])

    async def _gateway(self, request: Request) -> Response:
        fields = dict(request.query_params)
        method = fields["method"]
        self.calls.append(method)
        answer = (
            self._answer(fields) if self._is_signed(fields) else refused("isv.invalid-signature", "40002")
        )
        if self.lose_answers:
            return Response(status_code=500)
        if self.says:
            return Response(self.says, media_type="text/html")
        name = method.replace(".", "_") + "_response"
        text = json.dumps(answer, separators=(",", ":"))
        body = f'{{"{name}":{text},"sign":"{signed(self.key, text)}"}}'
        return Response(body, media_type="text/html")

    def _is_signed(self, fields: dict[str, str]) -> bool:
        try:
            digest = SHA256.new(unsigned(fields, "sign").encode())
            pkcs1_15.new(self.shop_key).verify(digest, b64decode(fields["sign"]))
        except ValueError:
            return False
        return fields["app_id"] == APP_ID and fields["sign_type"] == "RSA2"

    def _answer(self, fields: dict[str, str]) -> Json:
        content = json.loads(fields["biz_content"])
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            return refused("ACQ.TRADE_NOT_EXIST")
        match fields["method"]:
            case "alipay.trade.query":
                return DONE | trade
            case "alipay.trade.close" if trade["trade_status"] == "WAIT_BUYER_PAY":
                trade["trade_status"] = "TRADE_CLOSED"
                return DONE | {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"]}
            case "alipay.trade.close":
                return refused("ACQ.REASON_TRADE_STATUS_INVALID")
            case "alipay.trade.refund":
                return self._refund(trade, content)
            case "alipay.trade.fastpay.refund.query":
                made = self.refunds.get(content["out_request_no"])
                return DONE | (made if made and not self.slow_refunds else {})
        return refused("isv.invalid-method", "40002")

    def _refund(self, trade: Json, content: Json) -> Json:
        number = content["out_request_no"]
        if number in self.refunds:
            return DONE | {"fund_change": "N", "out_trade_no": trade["out_trade_no"]}
        back = sum(Decimal(each["refund_amount"]) for each in self.refunds.values())
        if back + Decimal(content["refund_amount"]) > Decimal(trade["total_amount"]):
            return refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        self.refunds[number] = {"refund_amount": content["refund_amount"], "refund_status": "REFUND_SUCCESS"}
        return DONE | {
            "fund_change": "N" if self.slow_refunds else "Y",
            "out_trade_no": trade["out_trade_no"],
        }

    def open_page(self, redirect_url: str) -> Json:
        """The shopper opens the page that the shop signed; returns its trade."""
        fields = dict(parse_qsl(urlsplit(redirect_url).query))
        if not self._is_signed(fields):
            raise AssertionError("the address of the page is not signed by the shop")
        content = json.loads(fields["biz_content"])
        return self.trades.setdefault(
            content["out_trade_no"],
            {
                "trade_no": f"20261122220014{len(self.trades):014}",
                "out_trade_no": content["out_trade_no"],
                "total_amount": content["total_amount"],
                "trade_status": "WAIT_BUYER_PAY",
                "notify_url": fields["notify_url"],
                "time_expire": content["time_expire"],
            },
        )

    def pay(self, redirect_url: str, amount: str | None = None) -> Json:
        """The shopper pays on the page."""
        trade = self.open_page(redirect_url)
        trade["trade_status"] = "TRADE_SUCCESS"
        trade["total_amount"] = amount or trade["total_amount"]
        return trade

    def notice(
        self, trade: Json, notify_id: str = "n1", key: RSA.RsaKey | None = None, **other: str
    ) -> bytes:
        """The form that Alipay posts to the shop: https://opendocs.alipay.com/open/270/105902."""
        fields = {
            "app_id": APP_ID,
            "charset": "utf-8",
            "notify_id": notify_id,
            "notify_time": "2026-11-22 18:00:00",
            "notify_type": "trade_status_sync",
            "out_trade_no": trade["out_trade_no"],
            "subject": "衬衫 & more",
            "total_amount": trade["total_amount"],
            "trade_no": trade["trade_no"],
            "trade_status": trade["trade_status"],
            "version": "1.0",
            **other,
        }
        sign = signed(key or self.key, unsigned(fields))
        return urlencode({**fields, "sign_type": "RSA2", "sign": sign}).encode()


@contextmanager
def running() -> Iterator[AlipayServer]:
    server = AlipayServer(rsa_key("alipay"), rsa_key("shop").public_key())
    with served(server.app()) as url:
        server.url = f"{url}/gateway.do"
        yield server
