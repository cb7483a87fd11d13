"""Moments that somebody names over the wire."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

# No zone, and no days that are added, lead from here to where a calendar ends: that of pandas in 2262.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Moment = Annotated[AwareDatetime, Field(ge=FIRST, le=LAST)]
