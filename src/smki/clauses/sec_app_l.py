"""Appendix L: the SMKI recovery procedure (not to be mistaken for Section L)."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-l",
        title="SEC Appendix L, SMKI Recovery Procedure",
        version="contents list of the July 2015 draft only",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-l:1",
        title="The procedure",
        summary="Notify, confirm, decide, recover by one of three methods or the contingency key, report.",
        who="DCC, parties, SMKI PMA",
        status=Status.TODO,
        note="The recovery procedure is its own piece of work.",
    ),
    Clause(
        id="sec-app-l:2",
        title="Notification and confirmation of a suspected compromise",
        summary="Who reports a compromise in which file, by which mechanisms it is confirmed, and how progress is told.",
        who="DCC, parties, SMKI PMA",
        status=Status.MET,
        note="A chapter and four files of these names are known; the fields, mechanisms and number of people are ours.",
    ),
    Clause(
        id="sec-app-l:3",
        title="Key custodians",
        summary="Who holds shares of the recovery and contingency keys: appointed, verified, replaced; m of n open a key.",
        who="DCC, parties, SMKI PMA",
        status=Status.MET,
        note="A chapter of that name is known; numbers, quorum and limits are ours.",
    ),
    Clause(
        id="sec-app-l:3.2",
        title="A step of the recovery procedure",
        summary="Its wording could not be read, the numbering is that of the 2015 contents list.",
        who="DCC, parties",
        status=Status.TODO,
        note="The recovery procedure is its own piece of work.",
    ),
)
