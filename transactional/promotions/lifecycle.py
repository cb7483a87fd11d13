"""The life of a promotion.

         activate            end
draft ─────────────▶ active ─────▶ ended
  │                  ▲    │          ▲
  │            resume│    │pause     │
  │                  │    ▼          │
  │                  paused ─────────┤ end
  └──────────────────────────────────┘ end
"""

from typing import Literal

from transactional.promotions.errors import PromotionTransition

Event = Literal["activate", "pause", "end"]

TRANSITIONS: dict[tuple[str, Event], str] = {
    ("draft", "activate"): "active",
    ("active", "pause"): "paused",
    ("paused", "activate"): "active",
    ("draft", "end"): "ended",
    ("active", "end"): "ended",
    ("paused", "end"): "ended",
}


def after(status: str, event: Event) -> str:
    """The status that `event` leads to.

    Raises:
        PromotionTransition: it cannot happen in this status.
    """
    target = TRANSITIONS.get((status, event))
    if target is None:
        raise PromotionTransition(status, event)
    return target
