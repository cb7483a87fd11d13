"""The parsed project and a lake, for the tests of this folder."""

from lakes import lake, parsed, transform

__all__ = ["lake", "parsed", "transform"]
