"""`smki governance verify`: whether the policy authority's register is what it was."""

import os

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.opening import open_confidential
from smki.flows.register_verifying import Verified, mend_register, verify_register
from smki.interfaces.cli.output import emit, json_option, reporting


@click.command
@click.option(
    "--mend",
    is_flag=True,
    help="First make what stands again from the entries, which stay as they are.",
)
@json_option
@click.pass_context
def verify(context: click.Context, *, mend: bool, as_json: bool) -> None:
    """Check that no entry of the register was rewritten or lost, and that what stands follows from them.

    The record commits to the register as it grows. Reads all of both; changes nothing, but with
    --mend: after a fault, or when another version has things found or read otherwise. Nobody can
    change the register meanwhile.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        if mend:
            mend_register(front)
        found = verify_register(front, open_confidential(settings))
    document = {
        "entries": found.entries,
        "vouched": found.vouched,
        "heads": found.heads,
        "problems": list(found.problems),
    }
    emit(document, _lines(found), as_json=as_json)
    context.exit(1 if found.problems else 0)


def _lines(found: Verified) -> tuple[str, ...]:
    if found.problems:
        return (*found.problems, f"{len(found.problems)} problems: keep a copy, and find out who")
    later = found.entries - found.vouched
    waits = f"; {later} are newer, the worker lodges the next head" if later else ""
    return (
        f"register: {found.entries} entries, each chained to the one before; what stands follows",
        f"the record vouches for it up to entry {found.vouched}, by {found.heads} heads{waits}",
    )
