"""
A server that floods and counts, for the duplex test: in a process of its own, on another WebSocket library.

Sends numbered texts as fast as they are taken until the client says ``stop``; counts what each sender sent.
Prints its port and the file of the authority to trust; ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.peers import ca_path, server_context


async def flood(line: ServerConnection, stop: asyncio.Event) -> int:
    sent = 0
    while not stop.is_set():
        for _ in range(2000):
            await line.send(str(sent))
            sent += 1
        await asyncio.sleep(0)  # a turn for the receiving task: sending to a quick client never waits
    return sent


async def until_closed(line: ServerConnection) -> AsyncIterator[str]:
    try:
        async for text in line:
            yield str(text)
    except ConnectionClosed:
        return  # the client ends with a reset


async def handle(line: ServerConnection) -> None:
    stop = asyncio.Event()
    flooding = asyncio.create_task(flood(line, stop))
    counts: Counter[str] = Counter()
    in_order = True
    async for text in until_closed(line):
        if text == "stop":
            stop.set()
            sent = await flooding
            await line.send(json.dumps({"sent": sent, "received": counts, "in_order": in_order}))
            continue
        sender, number = text.split()
        in_order = in_order and int(number) == counts[sender]
        counts[sender] += 1
    stop.set()
    flooding.cancel()


async def main() -> None:
    async with serve(handle, "localhost", 0, ssl=server_context(), compression=None) as server:
        print(server.sockets[0].getsockname()[1], ca_path(), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
