"""What the pages of a party's own access need of the house, as one Protocol."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from smki.flows.apikeys import NewKey, ShownKey
from smki.flows.demand import DayFigures
from smki.policy.access import AccessRules
from smki.ports import Forecast, Use
from smki.terms import RequestType


class AccessServices(Protocol):
    """Each question is asked for one party. May block, but for `used`; any number at once."""

    @property
    def rules(self) -> AccessRules:
        """What is configured."""
        ...

    def today(self) -> date:
        """The present day, UTC."""
        ...

    def used(self, party: str) -> None:
        """A page was asked for by the party. Does not block or raise."""
        ...

    def keys(self, party: str) -> Sequence[ShownKey]:
        """All API keys that the party ever had, newest first."""
        ...

    def new_key(self, party: str, by: str) -> NewKey:
        """The party has a new API key, and its earlier ones an end.

        Raises:
            Refused: too many are good.
        """
        ...

    def revoke_key(self, party: str, name: str, by: str) -> None:
        """The party's key of that name opens nothing any more.

        Raises:
            Refused: the party has no such key, or it is not to be revoked here.
        """
        ...

    def usage(self, party: str) -> Sequence[DayFigures]:
        """The party's use of each of the last days and of each kind, oldest day first."""
        ...

    def forecasts(self, party: str) -> Sequence[Forecast]:
        """All forecasts of the party, by kind and first day."""
        ...

    def enter_forecast(
        self, party: str, by: str, forecast: tuple[RequestType, int], start: date | None
    ) -> Forecast:
        """So many requests of that kind are forecast for each day from `start`, or from today.

        Raises:
            Refused: a day or a number that cannot be.
        """
        ...

    def answers(self, party: str) -> Sequence[Use]:
        """The newest answers of the web service to the party, newest first."""
        ...

    def look_up(self, party: str, reference: str) -> Use:
        """The answer to the party that has this reference.

        Raises:
            Refused: none has.
        """
        ...
