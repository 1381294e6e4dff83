"""Removal of passwords, tokens and keys from URLs before they are shown or stored."""

from __future__ import annotations

import re

HIDDEN = "***"
# This pattern matches the password in "://user:password@host". Digits between a colon and a path are a port
# number, not a password. ":/" is accepted too, because pathlib reduces the two slashes of a URL to one.
_LOGIN = re.compile(r"(:/{1,2}[^\s:/?#@\[]*:)(?!\d{1,5}(?:[/?#,\s]|$))[^@\n]*@(?:[^\s/?#@]*@)*")
_PARAMETER = re.compile(
    r"""((?:^|[?&;\s])
    [\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|access_?key|api_?key|signature|\bsig\b)[\w.-]*
    =) [^&;\s'"]+?
    (?=[.,:)\]>]*(?:[&;\s'"]|$))""",
    re.IGNORECASE | re.VERBOSE,
)


def is_secret(parameter: str) -> bool:
    """Return whether the name of a URL parameter indicates a secret."""
    return hide_credentials(f"?{parameter}=x") != f"?{parameter}=x"


def hide_credentials(text: str) -> str:
    """Replace passwords, tokens and keys in all URLs of a text with ``***``.

    Args:
        text: Text such as a URL or an error message that quotes one.

    Returns:
        The text without passwords in logins and in parameters such as ``?password=``. User names, hosts and
        file names are kept.

    Example:
        >>> hide_credentials("postgresql://me:pw@nas/media?sslpassword=key")
        'postgresql://me:***@nas/media?sslpassword=***'
    """
    if ":/" not in text and "=" not in text:
        return text
    return _PARAMETER.sub(rf"\g<1>{HIDDEN}", _LOGIN.sub(rf"\g<1>{HIDDEN}@", text))
