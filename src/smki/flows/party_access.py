"""A party's own access to the repository, as its users ask for it: keys, use, forecasts, answers.

Whatever is asked here is asked for one party, which the client certificate names.

Clause: sec-app-p:B, sec-app-p:4
"""

from collections.abc import Sequence
from datetime import UTC, date

from smki.flows.apikeys import NewKey, ShownKey, new_apikey, revoke_apikey, shown_keys
from smki.flows.demand import DayFigures, enter_forecast, look_up, note_use, recent_answers, usage
from smki.flows.office import FrontOffice
from smki.policy.access import AccessRules
from smki.ports import Forecast, Use
from smki.terms import RequestType


class PartyAccess:
    """Implements `interfaces.web.portal.access_service.AccessServices`. Safe for threads."""

    def __init__(self, front: FrontOffice) -> None:
        self._front = front

    @property
    def rules(self) -> AccessRules:
        """What is configured."""
        return self._front.access

    def today(self) -> date:
        """The present day, UTC."""
        return self._front.clock.now().astimezone(UTC).date()

    def used(self, party: str) -> None:
        """A page was asked for by the party."""
        note_use(self._front, party, RequestType.PORTAL)

    def keys(self, party: str) -> Sequence[ShownKey]:
        """All API keys that the party ever had, newest first."""
        return shown_keys(self._front, party)

    def new_key(self, party: str, by: str) -> NewKey:
        """The party has a new API key, and its earlier ones an end; see `flows.apikeys`."""
        return new_apikey(self._front, party, by)

    def revoke_key(self, party: str, name: str, by: str) -> None:
        """The party's key of that name opens nothing any more."""
        revoke_apikey(self._front, party, name, by)

    def usage(self, party: str) -> Sequence[DayFigures]:
        """The party's use of the last days beside its forecasts."""
        return usage(self._front, party)

    def forecasts(self, party: str) -> Sequence[Forecast]:
        """All forecasts of the party, by kind and first day."""
        return self._front.demand.forecasts(party)

    def enter_forecast(
        self, party: str, by: str, forecast: tuple[RequestType, int], start: date | None
    ) -> Forecast:
        """So many requests of that kind are forecast for each day; see `flows.demand`."""
        return enter_forecast(self._front, party, by, forecast, start)

    def answers(self, party: str) -> Sequence[Use]:
        """The newest answers of the web service to the party."""
        return recent_answers(self._front, party)

    def look_up(self, party: str, reference: str) -> Use:
        """The answer to the party that has this reference."""
        return look_up(self._front, reference, party)
