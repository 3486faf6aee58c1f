"""`smki ceremony requests` and `take`: keys of issuing authorities go out, what was made comes in."""

import os
import time
from contextlib import suppress
from functools import partial
from typing import Final

import click

from smki.adapters.record import is_locked
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.founding import issuing_requests
from smki.bootstrap.succeeding import (
    RENEWABLE,
    InForce,
    next_request,
    successor_names,
    take_in_force,
)
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.transcript import TRANSCRIPT_MAX
from smki.interfaces.cli.ceremony_files import new_folder
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.interfaces.link import SOCKET, ask
from smki.interfaces.operations import perform
from smki.terms import CertificateKind, Unavailable
from smki.wire.encodings import write_pem

_PATIENCE_SECONDS: Final = 20.0  # a worker that begins anew settles first
_LOOK_SECONDS: Final = 0.1


@click.command
@click.option("--out", required=True, metavar="DIR", help="A new folder for the requests.")
@click.option(
    "--renew",
    "renewed",
    type=click.Choice([RENEWABLE.value]),
    help="A further key of this authority, in an SMKI that is there.",
)
@json_option
def requests(out: str, *, renewed: str | None, as_json: bool) -> None:
    """Make the keys of the issuing authorities in the state directory, and their requests.

    The requests go to the ceremony of initial roots, whose transcript comes back to
    'smki init --ceremony'. With --renew, one further key beside the present one: its request goes
    to a ceremony 'contingency' or 'issuing', whose transcript comes back to 'smki ceremony take'.
    The keys stay where they are used.
    """
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        if renewed is None:
            found = issuing_requests(settings, os.environ, tell)
            names, script = {}, "roots"
        else:
            kind = CertificateKind(renewed)
            found = {kind: next_request(settings, os.environ, kind)}
            with open_front(settings) as front:
                names, script = successor_names(front), "contingency"
        folder = new_folder(out)
        for one, request in found.items():
            with output_file(str(folder / f"{one.value}.csr")) as write:
                write(write_pem(request, "CERTIFICATE REQUEST"))
    rows = {one.value: fingerprint(request) for one, request in found.items()}
    named = "".join(f" --name {one.value} {name}" for one, name in names.items())
    first = next(iter(rows))
    others = "" if renewed else ", and so on"
    lines = (
        *(f"{name}: {aloud(digest)}" for name, digest in rows.items()),
        f"next: 'smki ceremony run {script} ...{named} --issuing {first} {out}/{first}.csr'{others}",
    )
    document = {
        "folder": out,
        "requests": rows,
        "names": {one.value: name for one, name in names.items()},
    }
    emit(document, lines, as_json=as_json)


@click.command
@click.argument("transcript")
@json_option
def take(transcript: str, *, as_json: bool) -> None:
    """Put in force what a ceremony made, in the SMKI that is there; lodge its transcript.

    Of 'contingency': the new Root OCA, its list and the new Issuing OCA; of 'issuing': the new Issuing
    OCA and the root's next list; of 'recovery-key': the certificate of the recovery key; of
    'root-lists': the lists. What was in force before stays in the record, and an issuing authority
    that was not revoked goes on signing its own revocation lists. In an SMKI of real roots a new root
    needs a recorded decision: use-key about it, with the scope 'succession: certify'. Called again it
    finishes what was cut off. A running worker begins anew by itself.
    """
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        octets = read_input(transcript, limit=TRANSCRIPT_MAX)
        done = take_in_force(settings, partial(perform, settings, os.environ), octets)
        _wait_for_worker(settings)
    emit(_document(done), _lines(done), as_json=as_json)


def _wait_for_worker(settings: Settings) -> None:
    """Whoever holds the keys holds those in force now: a worker that ran has begun anew, or ended."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with suppress(Unavailable):  # it is ending
            answered = ask(settings.path(SOCKET), "ping", {}, _PATIENCE_SECONDS)
            if answered is not None or not is_locked(settings.path("record")):
                return
        time.sleep(_LOOK_SECONDS)
    tell("the worker has not begun anew yet: 'smki status' says when it has")


def _document(done: InForce) -> dict[str, object]:
    return {
        "script": done.script,
        "entry": done.entry,
        "authorities": [kind.value for kind in done.authorities],
        "lists": [kind.value for kind in done.lists],
        "recovery": None if done.recovery is None else fingerprint(done.recovery),
    }


def _lines(done: InForce) -> tuple[str, ...]:
    lines = [f"the transcript of '{done.script}' is entry {done.entry} of the record"]
    lines += [f"in force: a new {kind.value}" for kind in done.authorities]
    lines += [f"in force: the list of {kind.value}" for kind in done.lists]
    if done.recovery is not None:
        lines.append(f"issued: the recovery certificate, {aloud(fingerprint(done.recovery))}")
    after = (
        "'smki renew' has the sample parties' certificates issued under it"
        if done.authorities
        else "'smki renew --list'"
    )
    return (*lines, f"next: {after}")
