"""The frame of a rehearsal: what was asked, numbered steps, and what each of them made.

    recoveries/NAME/rehearsal.json      what was asked
    recoveries/NAME/steps/NN-STEP.json  what the step made; written before the next one begins
    recoveries/NAME/once/NAME           what was settled within a step, for when it is taken up again
    recoveries/NAME/people/             credentials of the simulated people
    recoveries/NAME/ceremonies/         a folder for each ceremony
    recoveries/NAME/house/              the house that is recovered: an SMKI of its own

A step takes what steps before it made, from their files. Called again with the same name, a
rehearsal goes on with the step that was cut off: each step finds what it had begun. Says nothing of
what steps do.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from smki.adapters.files import files_in, make_folder, read_octets, write_durably
from smki.bootstrap import Settings, load_settings
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.recovery import Compromised, Method
from smki.terms import Inconsistent, Refused, RemotePartyRole

FOLDER: Final = "recoveries"
HOUSE: Final = "house"
ASKED: Final = "rehearsal.json"
LOCK: Final = "rehearsal.lock"
_STEPS: Final = "steps"
_ONCE: Final = "once"

Made = Mapping[str, JSON]
Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is rehearsed; a row of `scenarios.SCENARIOS`.

    Attributes:
        name: as `--scenario` takes it.
        title: in words.
        compromised: the key that is lost.
        method: by which is recovered.
        regions: of the wide area network, in which homes are, with how often each occurs.
        role: of the organisation whose key it is; None for another sort of key.
        faulty_make: make of hubs that mishandle block transfers in the north; empty for none.
        attacked: somebody uses the stolen key meanwhile.
        steps: what is done, in this order.
    """

    name: str
    title: str
    compromised: Compromised
    method: Method
    regions: Mapping[str, int]
    role: RemotePartyRole | None = None
    faulty_make: str = ""
    attacked: bool = False
    steps: tuple["Step", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a scenario.

    Attributes:
        name: lasting; its result is kept under it.
        title: what it is for, told when it begins.
        take: does it, or goes on with it; what it made.
    """

    name: str
    title: str
    take: Callable[["Run"], Made]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a rehearsal was asked for; the same for all its life.

    Attributes:
        name: of the rehearsal.
        scenario: name of its scenario.
        devices: how many the estate has, all kinds together.
        seed: of homes, makes, weather; keys are never seeded.
        further: how many recovered devices have one more update afterwards; 0: all.
        network: figures that take the place of each region's own.
    """

    name: str
    scenario: str
    devices: int
    seed: int
    further: int
    network: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A rehearsal under way.

    Attributes:
        asked: for what.
        scenario: which.
        folder: where everything of it is.
        processes: that make keys, issue and carry; may differ each time it is called.
        tell: is told the story, a sentence at a time.
        progress: a bar for something with an end.
        environment: of the process, for the SMKI in whose record everything is lodged.
    """

    asked: Asked
    scenario: Scenario
    folder: Path
    processes: int
    tell: Callable[[str], None]
    progress: Progress
    environment: Mapping[str, str]

    def path(self, *parts: str) -> Path:
        """A path of this rehearsal."""
        return self.folder.joinpath(*parts)

    @property
    def operator(self) -> Settings:
        """The configuration of the SMKI beside which it is rehearsed, and whose record has it all."""
        return load_settings(self.environment)

    @property
    def house_environment(self) -> Mapping[str, str]:
        """What configures the rehearsal's house: nothing but where it is.

        Variables of the process are for the operator's own SMKI, and never for this one.
        """
        return {"SMKI_STATE": str(self.path(HOUSE))}

    @property
    def house(self) -> Settings:
        """The configuration of the rehearsal's house, as it is now."""
        return load_settings(self.house_environment)

    def made(self, step: str) -> Made:
        """What that step made.

        Raises:
            Inconsistent: it was not taken yet.
        """
        found = self.made_if_any(step)
        if found is None:
            raise Inconsistent(
                f"rehearsal: step {step!r} was not taken, must be before this one",
                where=str(self.folder),
                rule="rehearsal.step",
            )
        return found

    def made_if_any(self, step: str) -> Made | None:
        """What that step made; None if it was not taken yet."""
        path = self._file(step)
        if not path.exists():
            return None
        value = parse_json(read_octets(path), f"step {step}")
        if not isinstance(value, Mapping):
            raise Inconsistent(f"rehearsal: what step {step!r} made is no object, must be")
        return value

    def text(self, step: str, key: str) -> str:
        """A text of what that step made."""
        return str(self.made(step)[key])

    def number(self, step: str, key: str) -> int:
        """A whole number of what that step made."""
        return int(str(self.made(step)[key]))

    def keep(self, step: str, made: Made) -> None:
        """What the step made is durable."""
        make_folder(self.path(_STEPS), 0o700)
        write_durably(self._file(step), encode_json(made), private=True)

    def once(self, name: str, value: str) -> str:
        """The first value that was ever given for the name in this rehearsal; durable."""
        place = self.path(_ONCE, name)
        if not place.exists():
            make_folder(place.parent, 0o700)
            write_durably(place, value.encode(), private=True)
        return read_octets(place).decode()

    def settled(self, name: str) -> Made | None:
        """What was settled under the name, of what is settled as an object; None if nothing was."""
        place = self.path(_ONCE, name)
        if not place.exists():
            return None
        value = parse_json(read_octets(place), name)
        if not isinstance(value, Mapping):
            raise Inconsistent(f"rehearsal: what was settled as {name!r} is no object, must be")
        return value

    def _file(self, step: str) -> Path:
        names = [one.name for one in self.scenario.steps]
        return self.path(_STEPS, f"{names.index(step) + 1:02}-{step}.json")


def take_steps(run: Run) -> None:
    """Every step of the scenario was taken, those of before not again.

    Raises:
        Refused, Unavailable, Inconsistent: as a step does; called again, it goes on there.
    """
    steps = run.scenario.steps
    for number, step in enumerate(steps, 1):
        if run.made_if_any(step.name) is not None:
            continue
        run.tell(f"step {number} of {len(steps)}: {step.title}")
        run.keep(step.name, step.take(run))


def asked_before(folder: Path, asked: Asked) -> None:
    """What was asked is kept in the folder; the same again changes nothing.

    Raises:
        Refused: something else was asked under this name, or a real recovery has it.
    """
    path = folder / ASKED
    if path.exists():
        if differs := _differing(folder, asked):
            raise Refused(
                f"rehearsal {asked.name}: was begun with {', '.join(differs)}, must be called with"
                " that or have another --name",
                where=str(path),
                rule="rehearsal.asked",
            )
        return
    if any(one.name != LOCK for one in files_in(folder)):
        raise Refused(
            f"rehearsal {asked.name}: a recovery that is no rehearsal has that name, must be another",
            where=str(folder),
            rule="rehearsal.asked",
        )
    make_folder(folder, 0o700)
    write_durably(path, _octets(asked), private=True)


def is_asked(folder: Path, asked: Asked) -> bool:
    """Whether this is what was asked for in that folder."""
    path = folder / ASKED
    return path.exists() and read_octets(path) == _octets(asked)


def _differing(folder: Path, asked: Asked) -> tuple[str, ...]:
    """What was asked for in that folder and is not now, each option with its value."""
    before = parse_json(read_octets(folder / ASKED), "rehearsal")
    now = parse_json(_octets(asked), "rehearsal")
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        raise Inconsistent(f"rehearsal {asked.name}: what was asked is no object, must be")
    return tuple(
        f"--{name} {encode_json(value).decode()}"
        for name, value in before.items()
        if now.get(name) != value
    )


def _octets(asked: Asked) -> bytes:
    return encode_json({**asdict(asked), "network": _figures(asked.network)})


def _figures(network: Mapping[str, float]) -> dict[str, JSON]:
    """As texts: canonical JSON knows whole numbers alone."""
    return {name: repr(value) for name, value in network.items()}
