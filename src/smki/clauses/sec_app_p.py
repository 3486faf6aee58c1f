"""Appendix P: the code of connection of the repository."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-p",
        title="SEC Appendix P, SMKI Repository Code of Connection",
        version="3.0, read whole",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-p:1",
        title="Who may use the repository",
        summary="Whoever has been given access, known by the credential of the way in.",
        who="DCC, parties",
        status=Status.PARTLY,
        note="Passwords, API keys and public keys; the entry tests come later.",
    ),
    Clause(
        id="sec-app-p:1.2",
        title="Ways in",
        summary="Portal, web service and SFTP, for those with a gateway connection.",
        who="DCC",
        status=Status.PARTLY,
        note="Web service, portal and SFTP; gateway connections are outside.",
    ),
    Clause(
        id="sec-app-p:1.3",
        title="Lodging by others",
        summary="An officer of the PMA or the Code Administrator asks the service desk, is authenticated, and the document is lodged.",
        who="DCC",
        status=Status.TODO,
        note="Comes with the repository's documents.",
    ),
    Clause(
        id="sec-app-p:2.2",
        title="Copies without a connection",
        summary="The service desk gives copies on optical media or by electronic mail after checking who asks.",
        who="DCC",
        status=Status.NOT_OURS,
        note="An export of the record is what such a copy would hold.",
    ),
    Clause(
        id="sec-app-p:3.1",
        title="Portal passwords",
        summary="Change at first use; five wrong ones in an hour lock the account.",
        who="DCC",
        status=Status.MET,
    ),
    Clause(
        id="sec-app-p:4",
        title="Demand",
        summary="Users forecast their daily requests; use above 120% is notified, not dropped.",
        who="parties, DCC",
        status=Status.MET,
        note="By kind of request and day, UTC; CSR forecasts are not asked for.",
    ),
    Clause(
        id="sec-app-p:A",
        title="Bulk files: how often",
        summary="The delta once a day, the full file once a week.",
        who="parties, DCC",
        status=Status.MET,
        note="At a time of day that is configured; what a file holds is our own.",
    ),
    Clause(
        id="sec-app-p:B",
        title="API key",
        summary="The web service knows its user by an API key.",
        who="DCC",
        status=Status.MET,
        note="Keys rotate; for how long two are good is our own.",
    ),
)
