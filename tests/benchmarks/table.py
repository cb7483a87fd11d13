"""The table every benchmark fills: what was measured, beside its baseline of the same run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `limit` bounds `ratio` when there is a baseline, else `measured`."""

    name: str
    measured: float
    unit: str
    baseline: float | None = None
    limit: float | None = None
    lower_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """Measured / baseline; None without a baseline."""
        return self.measured / self.baseline if self.baseline else None

    @property
    def passes(self) -> bool:
        if self.limit is None:
            return True
        figure = self.measured if self.ratio is None else self.ratio
        return figure <= self.limit if self.lower_is_better else figure >= self.limit
