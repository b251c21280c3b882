"""One function that takes credentials out of any text before it leaves the process.

It is applied where text leaves: in every error's message, in every line of a run's log, in the
record of the last run, in notifications, and in what a release publishes. So nobody has to
remember it at the place where a URL is shown.
"""

import re

HIDDEN = "***"
_SCHEME = r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30}:(?:/|\\/){2})"
# `user:password@` reaches to the last @ before the path. A raw slash in a password is not valid,
# but people write it; after `user:` only a whole number can be a port.
_USER = re.compile(
    _SCHEME + r"(?:[^\s/?#'\"<>]{0,2000}"
    r"|[^\s/@:\['\"<>]{0,200}:(?!\d+(?:[/?#\s]|$))[^\s'\"<>]{0,2000})@"
)
# Parameters whose values open something: ?token=, &X-Amz-Signature=, &sig=, #access_token=
_PART = r"(?:(?!%3d|%26)[\w.%-]){0,60}"
_NAME = (
    rf"{_PART}(?:token|secret|passw|passphrase|pwd|signature|credential|api[_-]?key"
    rf"|access[_-]?key|account[_-]?key|private[_-]?key|authorization|session|jwt){_PART}"
    r"|auth|key|sig|sas|code|user|login|pass"
)
_PARAMETER = re.compile(
    rf"(?i)(?P<name>(?:[?&;#]|&amp;|%26|%3f)(?:{_NAME})(?:=|%3d))(?:(?!%26)[^\s&;#'\"<>])+"
)
# The same where the whole address is a part of another one, and so is quoted.
_QUOTED = re.compile(r"(?i)(?P<scheme>%3a%2f%2f)(?:(?!%2f|%3f|%23)[^\s'\"<>/?&]){0,2000}(?:%40|@)")
# `user:password@host:path` is no address of git's, but people write it.
_WITHOUT_SCHEME = re.compile(
    r"(?<![\w./-])[\w.-]{1,64}:[^\s/@:'\"<>]{1,200}@(?=[\w-]{1,63}(?:\.[\w-]{1,63})+[:/])"
)
# Tokens whose makers gave them a form of their own, wherever they stand.
_TOKEN = re.compile(
    r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}"
    r"|hf_[A-Za-z0-9]{16,}|A(?:KIA|SIA)[A-Z0-9]{16})(?![\w-])"
)
_HEADER = re.compile(
    r"(?i)(?P<name>\b(?:proxy-)?authorization\s*[:=]\s*(?:basic|bearer|token)?\s*"
    r"|\b(?:private-token|x-api-key|x-amz-security-token)\s*[:=]\s*)[^\s'\",;]+"
)


def without_credentials(text: str) -> str:
    """The text with no user, password or token in any URL or HTTP header that it holds.

    >>> without_credentials("fetch https://me:word@host/team.git failed")
    'fetch https://host/team.git failed'
    >>> without_credentials("https://host/data?X-Amz-Signature=abc&part=2")
    'https://host/data?X-Amz-Signature=***&part=2'
    """
    text = _USER.sub(r"\g<scheme>", text)
    text = _QUOTED.sub(r"\g<scheme>", text)
    text = _WITHOUT_SCHEME.sub("", text)
    text = _TOKEN.sub(HIDDEN, text)
    text = _PARAMETER.sub(rf"\g<name>{HIDDEN}", text)
    return _HEADER.sub(rf"\g<name>{HIDDEN}", text)
