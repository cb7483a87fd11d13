"""What batch generation and bulk changes send and receive. Money is minor units; prices contain tax."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from transactional.catalog.csv_format import OPTIONS
from transactional.catalog.drafts import SkuDraft
from transactional.catalog.generation import Batch
from transactional.catalog.matrix import MAX_COMBINATIONS
from transactional.catalog.staff_schemas import Grams, Options, Price, TaxClass, Word

Values = Annotated[list[Word], Field(min_length=1, max_length=MAX_COMBINATIONS)]
Patterns = Annotated[list[Options], Field(max_length=1_000)]
_SIZES_AND_COLOURS = {"size": ["S", "M", "L"], "colour": ["Red", "Dark blue"]}


class MatrixIn(BaseModel):
    """A pattern names some options: {"size": "S"} stands for all colours of that size."""

    model_config = ConfigDict(extra="forbid")
    options: dict[Word, Values] = Field(min_length=1, max_length=OPTIONS, examples=[_SIZES_AND_COLOURS])
    code_template: str = Field(
        min_length=1,
        max_length=200,
        description="{product}, {n} and option names are replaced.",
        examples=["{product}-{size}-{colour}"],
    )
    only: Patterns = Field(default_factory=list, description="Empty: all combinations.")
    leave_out: Patterns = Field(default_factory=list, examples=[[{"size": "L", "colour": "Red"}]])

    def batch(self) -> Batch:
        values = {name: list(dict.fromkeys(each)) for name, each in self.options.items()}
        return Batch(values, self.code_template, self.only, self.leave_out)


class BatchIn(MatrixIn):
    price: Price = Field(examples=[1_990])
    list_price: Price = Field(examples=[2_490])
    cost: Price = 0
    weight_grams: Grams = 0
    tax_class: TaxClass = "standard"

    def like(self) -> SkuDraft:
        return SkuDraft(
            "",
            self.price,
            self.list_price,
            self.cost,
            weight_grams=self.weight_grams,
            tax_class=self.tax_class,
        )


class CellView(BaseModel):
    options: dict[str, str]
    code: str
    exists: bool


class MatrixView(BaseModel):
    cells: list[CellView]
    new: int = Field(description="How many of the cells would be made.")


class BatchView(BaseModel):
    created: int
    codes: list[str]
