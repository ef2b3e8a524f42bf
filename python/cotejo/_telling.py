"""What is told while something runs: notes, warnings, progress."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, Union

from .errors import CotejoWarning

Progress = Callable[[str, str, int, int], object]
"""Called with what is done, its unit, steps done, and all steps."""

ProgressArgument = Union[bool, Progress]

_LOG = logging.getLogger("cotejo")


def note(text: str) -> None:
    """A note for people: to the log ``cotejo``."""
    _LOG.info("%s", text)


def warn(text: str) -> None:
    """Something that must be known, told where the caller of this package stands."""
    own = os.path.dirname(__file__) + os.sep
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, CotejoWarning, stacklevel=level)


class _Bar:
    """A bar of tqdm where that is installed, else a line now and then."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tenths = -1

    def __call__(self, label: str, unit: str, done: int, steps: int) -> None:
        if steps == 0:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            tenths = 10 * done // steps
            if tenths > self._tenths:
                self._tenths = tenths
                print(f"{label}: {10 * tenths} %", file=sys.stderr)
            return
        if self._bar is None or self._bar.total != steps:
            self.close()
            self._bar = tqdm(total=steps, desc=label, unit=unit)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Telling:
    """Progress for the time of a ``with`` block."""

    def __init__(self, progress: ProgressArgument) -> None:
        self._bar = _Bar() if progress is True else None
        self._call: Progress | None = self._bar if self._bar is not None else (progress or None)  # type: ignore[assignment]

    def __enter__(self) -> Progress | None:
        return self._call

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
