"""The head end: sends commands to devices over a line that promises nothing, and hears answers.

It says when a command is sent again and when it is given up, takes an answer for the command it
belongs to and for nothing else, and never uses a counter twice. What is asked, and what becomes of
the answers, is for whoever asks; it holds no key.
"""

from smki.headend.commanding import (
    HeldKeys,
    PartyKeys,
    Recipient,
    Sent,
    commanded,
    protected,
)
from smki.headend.driving import Alerted, Answered, GivenUp, HeadEnd, Order
from smki.headend.waiting import Given, Patience

__all__ = [
    "Alerted",
    "Answered",
    "Given",
    "GivenUp",
    "HeadEnd",
    "HeldKeys",
    "Order",
    "PartyKeys",
    "Patience",
    "Recipient",
    "Sent",
    "commanded",
    "protected",
]
