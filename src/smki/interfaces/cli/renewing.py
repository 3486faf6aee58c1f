"""`smki renew`: what expires, and its successors."""

import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import click

from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.holdings import DUE_DAYS, Holding
from smki.bootstrap.initialising import alone
from smki.bootstrap.renewing import Renewer, choose, finish_renewals
from smki.bootstrap.roots import open_roots
from smki.flows.office import FrontOffice
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.operations import perform
from smki.interfaces.status import expiry_line, holding_fields


@click.command(short_help="Renew what expires, or say what does.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--within",
    type=click.IntRange(0),
    default=DUE_DAYS,
    show_default=True,
    metavar="DAYS",
    help="Renew what expires in that time.",
)
@click.option(
    "--list", "--dry-run", "only_list", is_flag=True, help="Say what expires when; renew nothing."
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the root keys, if they are not in the state directory.",
)
@json_option
def renew(
    names: tuple[str, ...], *, within: int, only_list: bool, root: Path | None, as_json: bool
) -> None:
    """Renew what expires: the server's certificate, the sample parties', the roots' lists.

    NAME is a name that --list shows; without one, everything that is due is renewed. Root lists
    need the root keys and their passphrase (SMKI_ROOT_PASSPHRASE or SMKI_ROOT_PASSPHRASE_FILE), and,
    unless it is a development SMKI, a recorded decision that permits their use: use-key about the
    name of the root, with the scope 'maintenance: revocation-list'. A running server shows and goes
    by what is new within a second.
    """
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        with open_front(settings) as front:
            if only_list:
                document, lines = _listed(settings, front, names, timedelta(days=within))
            else:
                folder = root or settings.path("root")
                document, lines = _renewed(settings, front, names, timedelta(days=within), folder)
    emit(document, lines, as_json=as_json)


def _listed(
    settings: Settings, front: FrontOffice, names: tuple[str, ...], within: timedelta
) -> tuple[dict[str, object], list[str]]:
    now = front.clock.now()
    every, chosen = choose(settings, front, names=names, within=within, now=now)
    shown = [one for one in every if not names or one.name in names]
    rows = [{**holding_fields(one, now), "due": one.due(now, within)} for one in shown]
    lines = [
        f"{'due' if row['due'] else '   '}  {expiry_line(row)}: {row['renewal']}" for row in rows
    ]
    lines.append(f"next: 'smki renew' renews {len(chosen)} of them now")
    return {"within_days": within.days, "holdings": rows, "renewed": []}, lines


def _renewed(
    settings: Settings,
    front: FrontOffice,
    names: tuple[str, ...],
    within: timedelta,
    folder: Path,
) -> tuple[dict[str, object], list[str]]:
    now = front.clock.now()
    with alone(settings):
        finish_renewals(settings, front)
        every, chosen = choose(settings, front, names=names, within=within, now=now)
        renewer = Renewer(
            settings=settings,
            front=front,
            ask=partial(perform, settings, os.environ),
            roots=partial(open_roots, folder, os.environ),
            now=now,
        )
        done = renewer.renew(chosen)
        after, _ = choose(settings, front, names=(), within=within, now=now)
    renewed = [holding_fields(one, now) for one in after if one.name in done]
    left = [one for one in after if one.due(now, within) and one.name not in done]
    lines = [f"renewed  {expiry_line(one)}" for one in renewed]
    lines += [
        f"left     {expiry_line(holding_fields(one, now))}: {one.renewal.value}" for one in left
    ]
    lines += _closing(every, renewed)
    document = {
        "within_days": within.days,
        "holdings": [{**holding_fields(one, now), "due": one.due(now, within)} for one in after],
        "renewed": renewed,
    }
    return document, lines


def _closing(every: tuple[Holding, ...], renewed: list[dict[str, object]]) -> list[str]:
    if renewed:
        return [
            "next: 'smki status' shows what is left; earlier certificates stay good to their end"
        ]
    if not every:
        return ["nothing here expires"]
    return [f"nothing is due; first to expire: {every[0].name}, {every[0].expires:%Y-%m-%d}"]
