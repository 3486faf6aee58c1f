"""Appendix N: the code of connection of the SMKI services."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-n",
        title="SEC Appendix N, SMKI Code of Connection",
        version="4.0, read whole",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-n:1",
        title="Who may use the services",
        summary="Only authorised responsible officers with the right credentials act for their organisation.",
        who="parties",
        status=Status.TODO,
        note="Officers come with registration.",
    ),
    Clause(
        id="sec-app-n:2.1.2",
        title="Users of the ad hoc web service",
        summary="Import suppliers, gas suppliers and the DCC, for replacing certificates on devices.",
        who="parties, DCC",
        status=Status.TODO,
        note="Decided by the eligibility table, which claims sec:L3.16.",
    ),
    Clause(
        id="sec-app-n:2.1.3",
        title="Users of the batched web service",
        summary="Any authorised subscriber for device certificates.",
        who="parties, DCC",
        status=Status.TODO,
        note="Decided by the eligibility table, which claims sec:L3.16.",
    ),
    Clause(
        id="sec-app-n:2.3.1",
        title="Officers' tokens",
        summary="The officer's key lives in a PIN-protected token that it cannot leave.",
        who="parties, DCC",
        status=Status.TODO,
        note="Comes with registration and the portal.",
    ),
    Clause(
        id="sec-app-n:3.1.1",
        title="Batches: window and capacity",
        summary="Batches in before 20:00 are done by 08:00; 375,000 requests a night in all; heavy use is announced.",
        who="parties, DCC",
        status=Status.TODO,
        note="A development SMKI works round the clock; the GB values are a configuration profile.",
    ),
    Clause(
        id="sec-app-n:3.1.2",
        title="Ad hoc: rate",
        summary="One request in 0.8 s in core hours, one in 4 s otherwise.",
        who="parties",
        status=Status.TODO,
        note="A development SMKI sets no limit; the GB values are a configuration profile.",
    ),
    Clause(
        id="sec-app-n:3.1.3",
        title="Batched: when to ask",
        summary="Wait for the answer before the next batch; when and how often to ask for a result.",
        who="parties",
        status=Status.NOT_OURS,
        note="Advice to callers; asking more often is answered.",
    ),
)
