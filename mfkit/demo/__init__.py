"""A small media library made from nothing, to try mfkit on."""

from mfkit.demo.report import DemoReport
from mfkit.demo.write import write_demo

__all__ = ["DemoReport", "write_demo"]
