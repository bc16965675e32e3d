"""One connection, many requests; what happens when the other side fails."""

import gc
import logging
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import fixlipd
import pytest
from peer import WELCOME, Peer


def connected(peer, **settings):
    return fixlipd.Client(peer.path, spawn=False, **settings)


def test_requests_of_many_threads_share_a_connection_and_get_their_own_answers(make_peer):
    peer = make_peer(lambda method, params, peer: {"pid": params.get("n", 0)})
    with connected(peer) as client, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: client.request("echo", {"n": n})["pid"], range(400)))
    assert answers == list(range(400))
    assert len({message["id"] for message in peer.received}) == 400


def test_answers_may_come_in_any_order(make_peer):
    def later(method, params, peer):
        return Peer.NOTHING

    peer = make_peer(later)
    with connected(peer) as client, ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.request, "first")
        one = peer.wait_for("first")
        second = pool.submit(client.request, "second")
        two = peer.wait_for("second")
        peer.send({"id": two["id"], "result": {"is": 2}})
        assert second.result(20) == {"is": 2}
        peer.send({"id": one["id"], "result": {"is": 1}})
        assert first.result(20) == {"is": 1}


def test_a_call_under_way_raises_daemon_gone_and_the_next_one_connects_again(make_peer):
    def script(method, params, peer):
        if method == "die":
            peer.hang_up()
            return Peer.NOTHING
        return {"pid": 7}

    peer = make_peer(script)
    with connected(peer) as client:
        assert client.ping() == 7
        with pytest.raises(fixlipd.DaemonGone, match="ended the connection before it answered") as caught:
            client.request("die")
        assert caught.value.retryable and caught.value.code is None
        assert client.ping() == 7


def test_everybody_who_waits_is_told_that_the_daemon_is_gone(make_peer):
    peer = make_peer(lambda method, params, peer: Peer.NOTHING)
    with connected(peer) as client, ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client.request, f"wait/{n}") for n in range(8)]
        for n in range(8):
            peer.wait_for(f"wait/{n}")
        peer.hang_up()
        assert all(isinstance(call.exception(20), fixlipd.DaemonGone) for call in waiting)


def test_the_reason_the_daemon_gave_before_it_hung_up_is_passed_on(make_peer):
    def script(method, params, peer):
        peer.send({"id": None, "error": {"code": -32600, "message": "the message is too long"}})
        peer.hang_up()
        return Peer.NOTHING

    with connected(make_peer(script)) as client, pytest.raises(fixlipd.DaemonGone, match="the message is too long"):
        client.ping()


def test_another_protocol_version_is_said_so(make_peer):
    peer = make_peer(welcome={**WELCOME, "protocolVersion": 2})
    with pytest.raises(
        fixlipd.ProtocolMismatch, match="speaks protocol version 2, this package speaks 1; update this package"
    ):
        connected(peer).ping()


def test_another_release_of_the_same_protocol_is_used_and_said_so(make_peer):
    peer = make_peer(welcome={**WELCOME, "serverInfo": {"name": "fixlipd", "version": "0.0.9"}})
    client = connected(peer)
    with pytest.warns(
        fixlipd.OtherRelease, match=f"is fixlipd 0.0.9 and this package is {fixlipd.__version__}; it is used"
    ):
        client.request("server/ping")
    client.close()


def test_the_own_release_is_no_news(make_peer, recwarn):
    with connected(make_peer()) as client:
        client.request("server/ping")
    assert not recwarn.list


def test_something_that_is_no_daemon_is_said_so(short_path):
    path = str(short_path / "other.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen()

        def answer():
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(fixlipd.DaemonGone, match="is it a fixlipd"):
            fixlipd.Client(path, spawn=False).ping()


def test_a_message_that_the_daemon_would_refuse_is_not_sent(make_peer):
    peer = make_peer()
    with connected(peer) as client:
        with pytest.raises(ValueError, match="--max-message"):
            client.request("big", {"data": "x" * (2 << 20)})
        with pytest.raises(ValueError, match="surrogates"):
            client.request("text", {"text": "\ud800"})
        client.request("small")
    assert [message["method"] for message in peer.received] == ["small"]


def test_an_interrupt_cancels_the_request_and_leaves_the_connection_usable(make_peer):
    def script(method, params, peer):
        if method == "long":
            os.kill(os.getpid(), signal.SIGINT)
            return Peer.NOTHING
        return {"pid": 7}

    peer = make_peer(script)
    with connected(peer) as client:
        with pytest.raises(KeyboardInterrupt):
            client.request("long")
        cancelled = peer.wait_for("$/cancelRequest")
        assert cancelled["params"]["id"] == peer.wait_for("long")["id"] and "id" not in cancelled
        assert client.ping() == 7


def test_what_the_daemon_logs_for_its_clients_is_logged(make_peer, caplog):
    def script(method, params, peer):
        for kind, text in [(2, "game memory is full"), (1, "the disk is full"), (3, "loaded")]:
            peer.send({"method": "window/logMessage", "params": {"type": kind, "message": text}})
        return {"pid": 7}

    with caplog.at_level(logging.INFO, "fixlipd"), connected(make_peer(script)) as client:
        assert client.ping() == 7
    assert [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "fixlipd"] == [
        ("WARNING", "game memory is full"),
        ("ERROR", "the disk is full"),
        ("INFO", "loaded"),
    ]


def test_an_error_of_the_progress_function_cancels_the_request(make_peer):
    def script(method, params, peer):
        if method == "long":
            peer.progress(params["progressToken"], {"kind": "begin"})
            return Peer.NOTHING
        return {}

    def fail(value):
        raise LookupError("mine")

    peer = make_peer(script)
    with connected(peer) as client:
        with pytest.raises(LookupError, match="mine"):
            client.request("long", {}, fail)
        peer.wait_for("$/cancelRequest")


def test_a_closed_client_refuses_and_may_be_closed_twice(make_peer):
    client = connected(make_peer())
    client.request("x")
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.request("x")


def test_a_client_that_is_forgotten_ends_its_connection(make_peer):
    peer = make_peer()
    client = connected(peer)
    client.request("x")
    reader = next(thread for thread in threading.enumerate() if thread.name == "fixlipd-reader")
    del client
    gc.collect()
    reader.join(20)
    assert not reader.is_alive()


def test_a_forked_child_makes_its_own_connection(make_peer):
    peer = make_peer(lambda method, params, peer: {"pid": 7})
    with connected(peer) as client:
        client.ping()
        child = os.fork()
        if child == 0:
            os._exit(0 if client.ping() == 7 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(peer.connections) == 2
        assert client.ping() == 7
