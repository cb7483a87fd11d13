"""The sandbox: a payment provider of its own, so that a shop can be tried with money that is not there.

A separate small HTTP service; the shop knows it only through `client`, and it knows the shop only through the
return and webhook addresses it was given.
"""
