"""Asks a server so often a second for so long, over connections that stay open, and says how long each answer took.

A request is due at its time whatever happened to the one before: its seconds count from then, so that a server that
stands still is charged for everybody who waits. Started by `serve.py` as a process of its own; writes JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

CONNECTIONS = 16


async def main(port: int, token: str, path: str, per_second: float, seconds: float) -> dict[str, object]:
    """Latencies [ms] and what was not answered with 200."""
    count = int(per_second * seconds)
    begin = time.perf_counter() + 0.2
    taken: list[float] = []
    failures: list[str] = []
    tags: set[str] = set()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()

    async def one_connection(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(first, count, CONNECTIONS):
            due = begin + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                content = await reader.readexactly(int(fields["content-length"]))
                if " 200 " not in head.splitlines()[0] or json.loads(content)["series"] != "DE/load":
                    failures.append(head.splitlines()[0])
                tags.add(fields.get("etag", ""))
            except (OSError, ValueError, KeyError, asyncio.IncompleteReadError) as error:
                failures.append(repr(error))
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            taken.append(1000 * (time.perf_counter() - due))
        writer.close()

    await asyncio.gather(*(one_connection(first) for first in range(CONNECTIONS)))
    lasted = time.perf_counter() - begin
    return {"milliseconds": taken, "failures": failures, "seconds": lasted, "contents": len(tags)}


if __name__ == "__main__":
    asked = asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5])))
    sys.stdout.write(json.dumps(asked))
