"""What the committees decide, as values: decision files, and the table of what each kind permits.

Reads, checks and explains; decides nothing itself, keeps nothing. Whether a signer was an officer
in force is for whoever has the record (`flows.deciding`).
"""

from smki.governance.decisions import (
    Body,
    Decision,
    DecisionKind,
    encode_decision,
    explain,
    parse_decision,
    parse_recorded,
    recorded_body,
)
from smki.governance.permits import (
    PERMITS,
    UNCONDITIONAL,
    Act,
    Circumstances,
    Permit,
    Question,
    decide_permitted,
)
from smki.governance.signatories import Holder, Holders, Signatory, Signed

__all__ = [
    "PERMITS",
    "UNCONDITIONAL",
    "Act",
    "Body",
    "Circumstances",
    "Decision",
    "DecisionKind",
    "Holder",
    "Holders",
    "Permit",
    "Question",
    "Signatory",
    "Signed",
    "decide_permitted",
    "encode_decision",
    "explain",
    "parse_decision",
    "parse_recorded",
    "recorded_body",
]
