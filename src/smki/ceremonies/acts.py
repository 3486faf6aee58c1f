"""Which function does which act of a script."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from smki.ceremonies import acts_keys, acts_people, acts_roots, acts_use
from smki.ceremonies.holding import Handler
from smki.ceremonies.scripts import Act

ACTS: Final[Mapping[Act, Handler]] = MappingProxyType(
    {
        Act.GO: acts_people.go,
        Act.ATTEND: acts_people.attend,
        Act.CONFIRM: acts_people.confirm,
        Act.MAKE: acts_keys.make,
        Act.CERTIFY: acts_keys.certify,
        Act.PROVE: acts_keys.prove,
        Act.ISSUE: acts_roots.issue,
        Act.LIST: acts_keys.sign_list,
        Act.RENEW_LIST: acts_roots.renew_list,
        Act.REQUEST: acts_keys.request,
        Act.REFRESH: acts_keys.refresh,
        Act.PERMIT: acts_use.permit,
        Act.USE: acts_use.use,
        Act.SERVE: acts_use.serve,
        Act.DESTROY: acts_use.destroy,
        Act.RECEIVE: acts_people.receive,
        Act.COMPARE: acts_people.compare,
        Act.CLOSE: acts_people.close,
    }
)
