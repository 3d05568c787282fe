"""Who comes when all connections are taken is told so as programs read it, and when to come again."""

import asyncio
import json

import uvicorn
from starlette.responses import PlainTextResponse

from gridahead.web import server

REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def told(port, *, keep=None):
    """Head and content of an answer over a connection of its own, which stays open in `keep`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].split()[0])
    content = await reader.readexactly(length)
    if keep is None:
        writer.close()
        await writer.wait_closed()
    else:
        keep.append(writer)
    return head, content


async def asked():
    config = uvicorn.Config(PlainTextResponse("alive"), port=0, http=server.Protocol, lifespan="off", log_config=None)
    running = uvicorn.Server(config)
    held: list[asyncio.StreamWriter] = []
    serving = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.001)
    port = running.servers[0].sockets[0].getsockname()[1]
    first = await told(port, keep=held)
    second = await told(port)
    held[0].close()
    while running.server_state.connections:
        await asyncio.sleep(0.001)
    third = await told(port)
    running.should_exit = True
    await serving
    return first, second, third


def test_the_one_too_many_gets_a_problem_and_may_come_when_one_has_gone(monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 1)
    (_, first), (head, second), (_, third) = asyncio.run(asked())
    assert (first, third) == (b"alive", b"alive")
    assert head.startswith("http/1.1 503")
    assert "content-type: application/problem+json" in head
    assert "retry-after: 5" in head
    assert json.loads(second)["type"] == "/docs/api#too-busy"
