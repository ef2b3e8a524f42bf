"""Encrypted hit/no-hit between two authorities: is this person in your records?

>>> import cotejo
>>> terms = cotejo.Agreement.face(512, threshold=0.35)  # both parties hold it

``cotejo.Querier`` encrypts templates, ``cotejo.Custodian`` compares them with its gallery without being able to read them, and the querier decrypts
whether there is a hit. What crosses between them is bytes. ``cotejo.compare`` is the same in the clear, on data of one's own.

Read SECURITY.md before a trial: it says what this promises, and what it does not.
"""

from ._native import Refused, __version__
from .agreement import Agreement
from .client import Client, Reply
from .errors import CotejoError
from .evidence import Card, Compared, compare, evaluate, plan
from .galleries import enroll
from .parties import Custodian, Gallery, Handles, Pending, Querier

__all__ = [
    "Agreement",
    "Card",
    "Client",
    "Compared",
    "CotejoError",
    "Custodian",
    "Gallery",
    "Handles",
    "Pending",
    "Querier",
    "Refused",
    "Reply",
    "__version__",
    "compare",
    "enroll",
    "evaluate",
    "plan",
]
