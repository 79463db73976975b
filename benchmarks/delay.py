"""A TCP proxy that makes a network of this machine as slow as a far one."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

CHUNK = 65536


@contextlib.contextmanager
def proxy(port: int, *, seconds: float) -> Iterator[int]:
    """Forward to a port of this machine, every byte later by so many seconds each way; yields the port to use."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(_listen(port, seconds), loop).result()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(listening: asyncio.Server) -> None:
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _listen(port: int, seconds: float) -> asyncio.Server:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # when all ends
            await asyncio.sleep(2 * seconds)  # of the handshake
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_forward(reader, back, seconds), _forward(there, writer, seconds))

    return await asyncio.start_server(connect, "127.0.0.1", 0)


async def _forward(source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float) -> None:
    """Copy one direction; what is under way does not hold up what follows it."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def read() -> None:
        data = b"-"
        while data:
            try:
                data = await source.read(CHUNK)
            except ConnectionError:
                data = b""
            under_way.put_nowait((loop.time() + seconds, data))

    reading = loop.create_task(read())
    with contextlib.suppress(ConnectionError):
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(due - loop.time(), 0))
            if not data:
                break
            target.write(data)
            await target.drain()
    reading.cancel()
    with contextlib.suppress(ConnectionError):
        target.close()
