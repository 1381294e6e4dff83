"""Passwords, tokens and keys in URLs, which no message, file or process list shows."""

from __future__ import annotations

import re

HIDDEN = "***"
# The login of a URL, to the "@" behind it. What looks like a port, and no password, is followed by a path. A
# path that was made of a URL has one slash.
_LOGIN = re.compile(r"(:/{1,2}[^\s:/?#@\[]*:)(?!\d{1,5}(?:[/?#,\s]|$))[^@\n]*@(?:[^\s/?#@]*@)*")
_PARAMETER = re.compile(
    r"""((?:^|[?&;\s])
    [\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|access_?key|api_?key|signature|\bsig\b)[\w.-]*
    =)
    [^&;\s'"]+?
    (?=[.,:)\]>]*(?:[&;\s'"]|$))""",
    re.IGNORECASE | re.VERBOSE,
)


def is_secret(parameter: str) -> bool:
    """Return whether a parameter of a URL holds a secret, by its name."""
    return hide_credentials(f"?{parameter}=x") != f"?{parameter}=x"


def hide_credentials(text: str) -> str:
    """Replace the passwords, tokens and keys of all URLs in a text by ``***``.

    Args:
        text: Any text, such as a URL or an error message that quotes one.

    Returns:
        The text without ``user:password@`` and without the values of parameters such as ``?password=``.
        Users, hosts and file names stay.

    Example:
        >>> hide_credentials("postgresql://me:pw@nas/media?sslpassword=key")
        'postgresql://me:***@nas/media?sslpassword=***'
    """
    if ":/" not in text and "=" not in text:
        return text
    return _PARAMETER.sub(rf"\g<1>{HIDDEN}", _LOGIN.sub(rf"\g<1>{HIDDEN}@", text))
