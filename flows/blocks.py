"""Notification blocks, read from wherever they are kept.

A scheduled run asks its server for them. The server of a run by hand keeps none, lest a page or
another user read them there; such a run reads them from the schedule's database itself.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from prefect.blocks.core import Block
from prefect.client.schemas.objects import BlockDocument
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

# A database's address; "" where there is none; None where the server is asked.
_database: ContextVar[str | None] = ContextVar("database", default=None)


@contextlib.contextmanager
def kept_in(database: str | None) -> Iterator[None]:
    """Let the flows that this block calls find their blocks in that database, or none at all."""
    token = _database.set(database or "")
    try:
        yield
    finally:
        _database.reset(token)


def load_block(name: str) -> Block:
    """The block of that name, `type/name`, with its secrets.

    Raises:
        ValueError: there is no such block.
    """
    database = _database.get()
    if database is None:
        found = Block.load(name)
        assert isinstance(found, Block)  # A coroutine is given only inside a loop.
        return found
    kind, _, own_name = name.partition("/")
    document = asyncio.run(_read(database, kind, own_name)) if database else None
    if document is None:
        raise ValueError(f"There is no block {name}.")
    return Block._from_block_document(document)


async def _read(database: str, kind: str, name: str) -> BlockDocument | None:
    # Only who notifies waits for what the server needs.
    from prefect.server.database import provide_database_interface
    from prefect.server.models.block_documents import read_block_document_by_name

    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: database}):
        async with provide_database_interface().session_context() as session:
            found = await read_block_document_by_name(
                session, name=name, block_type_slug=kind, include_secrets=True
            )
    return BlockDocument.model_validate(found.model_dump(mode="json")) if found else None
