"""Appendix A: the device certificate policy."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-a",
        title="SEC Appendix A, Device Certificate Policy",
        version="not read; from certificates, Appendix M and GBCS section 12",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-a:1",
        title="Device certificate policy",
        summary="The kinds of certificates of the device hierarchy: Root DCA, Issuing DCA and devices.",
        who="DCC",
        status=Status.PARTLY,
        note="The policy itself could not be read; practice statements come with governance.",
    ),
    Clause(
        id="sec-app-a:B",
        title="Device certificate profiles",
        summary="Field by field what a device certificate and those above it hold.",
        who="DCC",
        status=Status.PARTLY,
        note="Device certificates follow published ones octet by octet; Root and Issuing DCA by analogy.",
    ),
)
