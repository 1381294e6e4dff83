"""Fixtures of the engines' tests, which the tests of datasets and Spark share."""

from tests.unit.engines.conftest import *  # noqa: F401, F403
