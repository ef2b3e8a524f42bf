"""The program's commands, on what Python holds as well as on files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _native
from ._telling import ProgressArgument, Telling

if TYPE_CHECKING:
    from .agreement import Agreement

#: The name under which commands find an agreement in memory.
AGREEMENT = "agreement"


def run(
    *command: str,
    terms: Agreement | None = None,
    given: Mapping[str, _native.Records] = {},
    passphrase: str | None = None,
    progress: ProgressArgument = False,
    **options: Any,
) -> tuple[int, dict[str, Any], str]:
    """Runs a command: its exit code, its document, its text.

    Options are those of the command line: ``references=7`` is ``--references 7``. ``given`` are templates in memory, each for an option.
    """
    arguments = list(command)
    agreed = None if terms is None else (AGREEMENT, terms._native)
    if agreed is not None:
        options["agreement"] = AGREEMENT
    options.update({option: option for option in given})
    for name, value in options.items():
        arguments += _option(name, value)
    with Telling(progress) as telling:
        code, document, text = _native.run(arguments, agreed, list(given.items()), passphrase, telling)
    return code, {} if document is None else json.loads(document), text


def _option(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, (list, tuple)):
        return [word for one in value for word in _option(name, one)]
    # One word, so that a negative number is no option.
    return [f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}"]


def main() -> int:
    """The command ``cotejo``."""
    import sys

    return _native.main(sys.argv[1:])
