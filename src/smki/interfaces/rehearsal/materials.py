"""Step 3 where an organisation's key is lost: its new keys and certificates, as anybody renews theirs.

What others have in cells stays what it was.
"""

from cryptography.hazmat.primitives.serialization import Encoding

from smki.bootstrap import open_office
from smki.bootstrap.holdings import certificate_in, holdings
from smki.bootstrap.initialising import alone
from smki.bootstrap.renewing import Renewer, finish_renewals
from smki.interfaces.rehearsal.cells import cells_now, cells_of, cells_said
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.house import asked_of
from smki.interfaces.rehearsal.succeeding import no_roots
from smki.terms import Inconsistent


def renewed(run: Run) -> Made:
    """The organisation whose key is lost has new keys, and a certificate for each of its cells.

    Clause: sec:L10, sec-app-m:2.3.1.3
    """
    role = run.scenario.role
    if role is None:
        raise Inconsistent("rehearsal: nobody's certificates are to be renewed, must be somebody's")
    old = cells_of(run.made("preconditions")["before"])
    known = {one for cell, one in old.certificates.items() if cell.role is role}
    with alone(run.house), open_office(run.house, run.house_environment) as office:
        finish_renewals(run.house, office.front)
        at = office.front.clock.now()
        wanted = [
            one
            for one in holdings(run.house, office.front, at)
            if one.pair is not None and certificate_in(one.pair).public_bytes(Encoding.DER) in known
        ]
        renewer = Renewer(
            settings=run.house,
            front=office.front,
            ask=asked_of(run, office),
            roots=no_roots,
            now=at,
        )
        names = renewer.renew(wanted)
    run.tell(f"  new keys and certificates: {', '.join(names) or 'there already'}")
    return {"after": cells_said(cells_now(run)), "at": now().isoformat(), "renewed": len(names)}
