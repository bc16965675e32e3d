"""Many clients that ask for everything, cancel and vanish."""

import asyncio

import sessions
import traffic
from cases import case
from harness.daemon import SMALL_MODEL, check, wait_for


def settle(client):
    """Closes what vanished clients left open and waits until the daemon rests."""
    opened = client.result("explanation/list")["explanations"]
    for explanation in opened:
        client.call("explanation/close", {"explanation": explanation["explanation"]})

    def rests():
        status = client.result("server/status")
        return (
            status["connections"] == 1
            and not any(status["queues"].values())
            and not status["explanations"]
            and all(model["inUse"] == 0 for model in status["models"])
        )

    wait_for("the daemon at rest after the load", rests, 60, 0.1)
    return len(opened)


@case
def load_with_cancels_and_disconnects(setting):
    """All methods from many clients: each request one reply; memory and descriptors level between rounds."""
    clients = setting.amount(40, 200)
    seconds = setting.amount(4.0, 40.0)
    ledger = sessions.Ledger()
    resident, descriptors, left = [], [], 0
    # Room for the case's own connection too, and for those whose end the daemon has yet to see.
    # Less memory for games than all of them want at a time.
    memory = clients // 5
    with setting.daemon("--game-memory", memory, "--keep-alive=-1", "--max-connections", clients + 16) as daemon:
        client = daemon.connect(timeout=180)
        offered = set(client.result("initialize")["capabilities"]["methods"])
        unknown = offered - traffic.driven(setting.random("driven"))
        check(not unknown, f"the load does not drive {sorted(unknown)}")
        client.result("models/load", {"model": "demo"})
        client.result("models/load", {"model": SMALL_MODEL})
        # Up to three timers, opened as they are first needed in whichever round, are the daemon's own.
        before = daemon.descriptors() + 3
        # The first round fills what is to be filled: models, games, the allocator's arenas.
        for number in range(3):
            generators = [setting.random(f"load/{number}/{index}") for index in range(clients)]
            asyncio.run(sessions.run(daemon.socket, ledger, generators, seconds))
            check(not ledger.wrong, "; ".join(ledger.wrong[:5]))
            check(ledger.most_open == clients, f"{ledger.most_open} of {clients} clients were served at a time")
            left += settle(client)
            wait_for("descriptors given back", lambda: daemon.descriptors() <= before, 20)
            descriptors.append(daemon.descriptors())
            # The daemon gives free memory back within two seconds of its work.
            level = []
            wait_for("memory given back", lambda: level.append(daemon.resident()) or len(level) > 30, 20, 0.1)
            resident.append(min(level))
        unused = offered - set(ledger.requests) - traffic.ELSEWHERE
        check(not unused, f"never asked: {sorted(unused)}")
        check(
            resident[2] <= resident[1] * 1.1 + (8 << 20),
            f"resident memory goes up: {[value >> 20 for value in resident]} MiB after each round",
        )
        status = client.result("server/status")
        held = status["games"]["image"]["bytes"] + status["games"]["text"]["bytes"]
        check(held <= memory << 20, f"{held} bytes of games are held")
    total = sum(ledger.requests.values())
    ordered = sorted(ledger.latencies)
    return (
        f"{clients} clients served at a time, 3 × {seconds:g} s: {total} requests ({len(ordered)} waited for, each one reply) on "
        f"{ledger.connections} connections, {ledger.cancelled} cancels ({ledger.cancelled_in_time} in time), "
        f"{ledger.dropped} vanished with work in flight, {ledger.refused} connections refused, {left} explanations left "
        f"open; errors {dict(sorted(ledger.errors.items()))}; latency p50 {ordered[len(ordered) // 2] * 1000:.0f} ms, "
        f"p99 {ordered[len(ordered) * 99 // 100] * 1000:.0f} ms; resident "
        f"{', '.join(str(value >> 20) for value in resident)} MiB; descriptors {descriptors}"
    )


@case
def load_beyond_the_connection_limit(setting):
    """More clients than --max-connections: those beyond are told 1011, those served get each reply."""
    clients, places = setting.amount(24, 200), setting.amount(8, 64)
    ledger = sessions.Ledger()
    # One place is the case's own.
    with setting.daemon("--game-memory", places // 2 + 4, "--max-connections", places + 1) as daemon:
        client = daemon.connect(timeout=180)
        client.result("models/load", {"model": "demo", "keepAlive": -1})
        client.result("models/load", {"model": SMALL_MODEL, "keepAlive": -1})
        generators = [setting.random(f"beyond/{index}") for index in range(clients)]
        asyncio.run(sessions.run(daemon.socket, ledger, generators, setting.amount(3.0, 20.0), places=places))
        check(not ledger.wrong, "; ".join(ledger.wrong[:5]))
        check(ledger.refused > 0, "nobody was refused")
        check(
            0 < ledger.most_open <= places, f"{ledger.most_open} clients were served at a time, the limit is {places}"
        )
        settle(client)
    return (
        f"{clients} clients, {places} places: {ledger.refused} times refused, {ledger.most_open} served at a time, "
        f"{sum(ledger.requests.values())} requests, {len(ledger.latencies)} waited for, each one reply"
    )
