"""What reviews and questions send and receive over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Author = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Moderated = Literal["pending", "published", "rejected"]


class ReviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    author: Author = Field(description="The name to show.", examples=["Ada"])
    rating: int = Field(ge=1, le=5, examples=[5])
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    comment: Text | None = Field(None, examples=["Warm, and it fits."])
    order: str | None = Field(
        None,
        max_length=200,
        description="Token of the paid order it was bought with; it reviews each of its products once.",
    )


class QuestionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    author: Author = Field(description="The name to show.", examples=["Ada"])
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)] = (
        Field(examples=["Can it be washed?"])
    )


class ModerationIn(BaseModel):
    """Answering and publishing are one step; an answer that is not given stays."""

    model_config = ConfigDict(extra="forbid")
    status: Literal["published", "rejected"] = Field(examples=["published"])
    answer: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)] | None
    ) = None


class ReviewView(BaseModel):
    id: str
    author: str
    rating: int
    title: str | None
    comment: str | None
    answer: str | None
    bought_here: bool
    status: Moderated
    created_at: datetime


class Reviews(BaseModel):
    """The average is of all published reviews, to one decimal; 0 when there are none."""

    count: int
    average: float
    items: list[ReviewView]


class QuestionView(BaseModel):
    id: str
    author: str
    question: str
    answer: str | None
    status: Moderated
    created_at: datetime


class Questions(BaseModel):
    items: list[QuestionView]


class ReviewQueue(BaseModel):
    items: list[ReviewView]
    page: int
    page_size: int
    total: int


class QuestionQueue(BaseModel):
    items: list[QuestionView]
    page: int
    page_size: int
    total: int
