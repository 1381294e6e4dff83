"""Small faults in mfkit, each with the test that must notice it; the TOML files of this folder list them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent


class FaultListError(Exception):
    """The list of faults does not fit the code or is incomplete."""


@dataclass(frozen=True)
class Fault:
    """A replacement of code that makes mfkit wrong.

    Attributes:
        name: Unique in the list.
        module: File below the project's folder.
        old: Text that occurs exactly once in the file.
        new: Text that replaces it.
        test: Id of the test that must fail, as pytest prints it.
        harm: Consequence for a user.
    """

    name: str
    module: str
    old: str
    new: str
    test: str
    harm: str

    def apply(self, root: Path) -> str:
        """Return the text of the module below a folder with the fault in it.

        Raises:
            FaultListError: The module does not contain the old text exactly once.
        """
        text = (root / self.module).read_text("utf-8")
        if (found := text.count(self.old)) != 1:
            raise FaultListError(f"{self.name}: the old text occurs {found} times in {self.module}.")
        return text.replace(self.old, self.new)


def read_faults() -> list[Fault]:
    """Return all faults of the list.

    Raises:
        FaultListError: A name occurs twice, or a fault lacks a value.
    """
    faults: dict[str, Fault] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for name, values in tomllib.loads(path.read_text("utf-8")).items():
            if name in faults:
                raise FaultListError(f"{path.name}: the name {name} occurs twice.")
            try:
                faults[name] = Fault(name, **values)
            except TypeError as error:
                raise FaultListError(f"{path.name}: {name}: {error}.") from error
    return list(faults.values())
