"""`smki estate serve`: hubs over TCP, with the devices of the estate behind them."""

import os
from typing import Any

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.line_serving import serve_line
from smki.simulator.pace import PACE_LEAST, PACE_MOST


@click.command(short_help="Serve the devices behind their hubs, over TCP.")
@click.option("--port", type=click.IntRange(0, 65535), help="0: any free.  [default: line.port]")
@click.option(
    "--pace",
    type=click.FloatRange(PACE_LEAST, PACE_MOST),
    help="Seconds of the line that pass in one second.  [default: line.pace]",
)
@click.option("--seed", type=int, help="Of what befalls frames and hubs.  [default: line.seed]")
@json_option
def serve(*, port: int | None, pace: float | None, seed: int | None, as_json: bool) -> None:
    """Serve the devices of the estate behind their hubs, in the foreground, until interrupted.

    Frames are lost, late, doubled and spoilt as the configuration has it for their region. What a
    device did is kept before it answers.
    """
    given = {"port": port, "pace": pace, "seed": seed}
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        named: dict[str, Any] = {key: each for key, each in given.items() if each is not None}
        line = settings.line.model_copy(update=named)
        served = serve_line(
            settings,
            line,
            lambda host, bound: tell(
                f"hubs are served at {host}:{bound}, {line.pace:g} second(s) of the line in one,"
                f" seed {line.seed}; end with Ctrl-C"
            ),
        )
    messages = sum(served.messages.values())
    emit(
        {"frames": served.frames, "messages": messages, "outcomes": dict(served.messages)},
        (
            f"{served.frames} frames, {messages} messages to devices"
            + "".join(f", {count} {name}" for name, count in sorted(served.messages.items())),
        ),
        as_json=as_json,
    )
