"""A small library of generated files to try mfkit on."""

from mfkit.demo.demo_writer import DemoReport, write_demo

__all__ = ["DemoReport", "write_demo"]
