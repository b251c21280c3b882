"""E-mail through any SMTP server, as a notification block beside those that Prefect brings."""

from prefect.blocks.notifications import AppriseNotificationBlock
from pydantic import Field, SecretStr


class Email(AppriseNotificationBlock):
    """Sends e-mail through an SMTP server."""

    _block_type_name = "E-mail"
    _block_type_slug = "email"

    url: SecretStr = Field(
        default=...,
        title="Mail server",
        description="User, password, server, port, sender and receivers, as Apprise writes them.",
        examples=[
            "mailtos://user:password@smtp.example.org:587?from=equipoise@example.org&to=team@example.org"
        ],
    )
