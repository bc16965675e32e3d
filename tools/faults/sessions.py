"""Many clients at once, each with its own connection, counting every reply."""

import asyncio
import collections
import time

import traffic
from harness.wire import HEADERS, LINES, Frames, frame, notification, request


class Ledger:
    """What all clients saw together."""

    def __init__(self):
        self.requests = collections.Counter()
        self.errors = collections.Counter()
        self.wrong = []
        self.cancelled = self.cancelled_in_time = self.dropped = self.refused = self.connections = 0
        # Connections that are served, and the most there were at a time.
        self.open = self.most_open = 0
        self.latencies = []

    def blame(self, text):
        if len(self.wrong) < 20:
            self.wrong.append(text)


class Refused(Exception):
    """The daemon has as many connections as it takes."""


class LoadClient:
    """A connection whose every request must get one reply."""

    def __init__(self, ledger, framing, patience):
        self.ledger = ledger
        self.framing = framing
        self.patience = patience
        self.waiting = {}
        self.answered = set()
        self.next_id = 0
        self.is_served = False

    async def connect(self, path):
        self.reader, self.writer = await asyncio.open_unix_connection(path)
        self.task = asyncio.create_task(self.listen())
        self.ledger.connections += 1
        try:
            await self.ask(traffic.Ask("server/ping"))
        except (ConnectionError, Refused):
            await self.drop()
            self.ledger.refused += 1
            raise Refused from None
        self.is_served = True
        self.ledger.open += 1
        self.ledger.most_open = max(self.ledger.most_open, self.ledger.open)

    async def listen(self):
        frames = Frames(self.framing)
        try:
            while data := await self.reader.read(1 << 17):
                # A connection that is refused before it has sent anything is told so in a line, whatever its framing.
                if not self.answered and self.framing == HEADERS and data.startswith(b"{"):
                    raise Refused
                for message in frames.feed(data):
                    for item in message if isinstance(message, list) else [message]:
                        self.take(item)
        except (ConnectionError, Refused):
            pass
        finally:
            for future in self.waiting.values():
                if not future.done():
                    future.set_exception(ConnectionError("the connection ended"))

    def take(self, item):
        if "method" in item:
            return
        number = item.get("id")
        if number in self.answered:
            self.ledger.blame(f"request {number} was answered twice: {str(item)[:200]}")
        elif number not in self.waiting:
            if number is None and not self.answered:
                raise Refused
            self.ledger.blame(f"a reply to no request: {str(item)[:200]}")
        else:
            self.answered.add(number)
            future = self.waiting.pop(number)
            if not future.done():
                future.set_result(item)

    def post(self, *asks):
        """Sends one request, or several as a batch; returns their ids and futures."""
        messages, posted = [], []
        for ask in asks:
            self.next_id += 1
            self.ledger.requests[ask.method] += 1
            messages.append(request(self.next_id, ask.method, ask.params))
            self.waiting[self.next_id] = future = asyncio.get_running_loop().create_future()
            posted.append((self.next_id, future))
        self.writer.write(frame(messages[0] if len(messages) == 1 else messages, self.framing))
        return posted

    def notify(self, method, params):
        self.writer.write(frame(notification(method, params), self.framing))

    def cancel(self, number):
        self.ledger.cancelled += 1
        self.notify("$/cancelRequest", {"id": number})

    async def answer(self, ask, future, cancelled=False):
        """Waits for a reply and judges it; returns the result, or nothing."""
        start = time.monotonic()
        try:
            item = await asyncio.wait_for(future, self.patience)
        except asyncio.TimeoutError:
            self.ledger.blame(f"no reply to {ask.method} within {self.patience} s")
            return None
        self.ledger.latencies.append(time.monotonic() - start)
        error = item.get("error")
        if error is None:
            return item["result"]
        self.ledger.errors[error["code"]] += 1
        if error["code"] == -32800 and cancelled:
            self.ledger.cancelled_in_time += 1
        elif error["code"] not in ask.allowed | traffic.UNDER_LOAD:
            self.ledger.blame(f"{ask.method}: {error}")
        return None

    async def ask(self, ask):
        ((_, future),) = self.post(ask)
        return await self.answer(ask, future)

    async def drop(self):
        """Goes away without a word."""
        if self.is_served:
            self.is_served = False
            self.ledger.open -= 1
        self.writer.close()
        self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            pass
        for future in self.waiting.values():
            if future.done() and not future.cancelled():
                future.exception()
        self.waiting.clear()


async def plain_session(client, generator):
    """Returns whether the connection is to be used further."""
    for _ in range(generator.randint(1, 4)):
        asks = [traffic.plain(generator) for _ in range(generator.randint(1, 6))]
        if generator.random() < 0.2:
            posted = client.post(*asks)
        else:
            posted = [client.post(ask)[0] for ask in asks]
        cancelled = {number for number, _ in posted if generator.random() < 0.15}
        if generator.random() < 0.5:
            await asyncio.sleep(generator.random() * 0.02)
        for number in cancelled:
            client.cancel(number)
        if generator.random() < 0.05:
            client.ledger.dropped += 1
            return False
        for ask, (number, future) in zip(asks, posted):
            await client.answer(ask, future, number in cancelled)
    if generator.random() < 0.2:
        await client.ask(traffic.Ask("shutdown"))
        client.notify("exit", None)
        return False
    return True


async def explanation_session(client, generator):
    """Returns whether the connection is to be used further."""
    opened = await client.ask(traffic.Ask("explanation/open", traffic.opening(generator)))
    other = await client.ask(traffic.Ask("explanation/open", traffic.opening(generator)))
    if opened is None or other is None:
        for result in (opened, other):
            if result is not None:
                await client.ask(traffic.Ask("explanation/close", {"explanation": result["explanation"]}))
        return True
    name = opened["explanation"]
    ask = traffic.Ask(
        "explanation/refine",
        {
            "explanation": name,
            "budget": {"imageMasks": generator.choice([32, 128, 511])},
            "progressToken": "p",
            "values": {"pairs": "crossModal"},
        },
    )
    ((number, future),) = client.post(ask)
    ending = generator.random()
    if ending < 0.4:
        await asyncio.sleep(generator.random() * 0.05)
    if ending < 0.1:
        client.ledger.dropped += 1
        return False
    if ending < 0.2:
        client.cancel(number)
    elif ending < 0.4:
        await client.ask(traffic.Ask("explanation/stop", {"explanation": name}))
    refined = await client.answer(ask, future, ending < 0.2)
    if refined is not None:
        await client.ask(
            traffic.Ask("explanation/refine", {"explanation": other["explanation"], "budget": {"imageMasks": 32}})
        )
        for reading in generator.sample(traffic.readings(generator, name, other["explanation"]), 3):
            await client.ask(reading)
    if generator.random() < 0.8:
        for each in (name, other["explanation"]):
            await client.ask(traffic.Ask("explanation/close", {"explanation": each}))
    return True


async def connected(path, ledger, generator, end, patience):
    """A client that is served; nothing where there was no place for it until the end."""
    while time.monotonic() < end:
        client = LoadClient(ledger, generator.choice([LINES, HEADERS]), patience)
        try:
            await client.connect(path)
            return client
        except (Refused, OSError):
            await asyncio.sleep(0.2 + generator.random() * 0.3)
    return None


async def one_client(path, ledger, generator, end, patience, start):
    while client := await connected(path, ledger, generator, end, patience):
        # Nobody begins before everybody is there; connections that come later begin at once.
        await start()
        try:
            while time.monotonic() < end and generator.random() < 0.7:
                session = explanation_session if generator.random() < 0.3 else plain_session
                if not await session(client, generator):
                    break
        except (ConnectionError, OSError) as error:
            ledger.blame(f"the connection broke: {error}")
        finally:
            await client.drop()


async def run(path, ledger, generators, seconds, patience=120.0, places=None):
    """Runs one client for each generator for `seconds`, as many at a time as there are places."""
    end = time.monotonic() + seconds
    missing = min(len(generators), places or len(generators))
    all_there = asyncio.Event()

    async def start():
        nonlocal missing
        missing -= 1
        if missing <= 0:
            all_there.set()
        if all_there.is_set():
            return
        try:
            await asyncio.wait_for(all_there.wait(), max(0.0, end - time.monotonic()))
        except asyncio.TimeoutError:
            ledger.blame("not all clients were served at a time")

    await asyncio.gather(*(one_client(path, ledger, generator, end, patience, start) for generator in generators))
