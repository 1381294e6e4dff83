"""Generation of small media files (the demo library) for trying out mfkit."""

from mfkit.demo.demo_writer import DemoReport, write_demo

__all__ = ["DemoReport", "write_demo"]
