"""`smki init` and `smki status`."""

import os

import click

from smki.bootstrap import initialise, load_settings, open_front
from smki.bootstrap.founding import founded_by
from smki.bootstrap.initialising import must_be_of_init
from smki.ceremonies.transcript import TRANSCRIPT_MAX
from smki.interfaces.cli.output import emit, json_option, read_input, reporting, tell
from smki.interfaces.status import status_document, status_lines


@click.command
@click.option("--bare", is_flag=True, help="Register no sample parties.")
@click.option("--profile", metavar="NAME", help="Configuration profile to begin with: gb.")
@click.option(
    "--ceremony", metavar="TRANSCRIPT", help="Found it by this ceremony of initial roots."
)
@json_option
def init(*, bare: bool, profile: str | None, ceremony: str | None, as_json: bool) -> None:
    """Make a complete development SMKI in the state directory.

    Asks nothing. Called again, it finishes what was cut off and changes nothing else. With
    --ceremony it is no development SMKI: its roots are in the custody of people, and nowhere here.
    """
    with reporting(as_json=as_json):
        given = load_settings(os.environ)
        transcript = None if ceremony is None else read_input(ceremony, limit=TRANSCRIPT_MAX)
        if transcript is None and founded_by(given) is None:
            must_be_of_init(given)
        settings = initialise(
            given, os.environ, bare=bare, tell=tell, profile=profile, ceremony=transcript
        )
        with open_front(settings) as front:
            count, size = front.index.count(), front.reader.checkpoint().size
        document = {
            "state": str(settings.state.absolute()),
            "development": settings.development,
            "log": {"origin": settings.log_origin, "vkey": settings.log_vkey, "size": size},
            "certificates": count,
        }
        lines = (
            (
                f"a {settings.environment} SMKI in {settings.state.absolute()}: {count} certificates,"
                f" {size} entries in the record"
            ),
            "next: 'smki serve', then 'smki status' in another terminal",
        )
        emit(document, lines, as_json=as_json)


@click.command(short_help="Whether the SMKI is ready, where, and for whom.")
@json_option
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Show the SMKI of the state directory: whether it is ready, where, and for whom.

    Exit code 0 if it is ready, 3 if not.
    """
    with reporting(as_json=as_json):
        document = status_document(load_settings(os.environ))
    emit(document, status_lines(document), as_json=as_json)
    context.exit(0 if document["ready"] else 3)
