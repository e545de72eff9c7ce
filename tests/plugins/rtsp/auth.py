"""Basic and digest authentication as cameras do it, RFC 2617. Pure; the nonce never changes."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Literal

REALM, NONCE = "camera", "5c1f0e6a"
_FIELD = re.compile(r'(\w+)="?([^",]*)"?')


@dataclass(frozen=True, slots=True)
class Login:
    """Who may look. ``refuse``: nobody, whatever they say."""

    scheme: Literal["basic", "digest"]
    user: str
    password: str
    refuse: bool = False

    @property
    def challenge(self) -> str:
        """What a 401 asks for."""
        return f'Basic realm="{REALM}"' if self.scheme == "basic" else f'Digest realm="{REALM}", nonce="{NONCE}"'

    def admits(self, method: str, authorization: str) -> bool:
        """Whether this header lets a request with this method in."""
        scheme, _, rest = authorization.partition(" ")
        if self.refuse or scheme.lower() != self.scheme:
            return False
        if self.scheme == "basic":
            return rest == base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        given = dict(_FIELD.findall(rest))
        secret = _md5(f"{self.user}:{REALM}:{self.password}")
        asked = _md5(f"{method}:{given.get('uri', '')}")
        expected = _md5(f"{secret}:{NONCE}:{asked}")
        return given.get("username") == self.user and given.get("response") == expected


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
