"""The process and its socket: signals, stale sockets, second daemons, socket activation, standard input and output."""

import fcntl
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import termios
import threading
import time

from cases import Skipped, case
from harness.client import connect
from harness.daemon import SCENES, check, environment, wait_for
from harness.wire import HEADERS, frame, request

SCENE = str(SCENES[3])


def busy_client(daemon):
    """A connection with a long refinement and short requests in flight; returns it and the ids that want replies."""
    client = daemon.connect()
    opened = client.result("explanation/open", {"image": SCENE, "text": "a kite and a bus"})["explanation"]
    ids = [client.post("explanation/refine", {"explanation": opened, "budget": {"imageMasks": 60_000}})]
    ids += [client.post("embed/image", {"images": [SCENE] * 4}) for _ in range(10)]
    ids += [
        client.post("explain", {"image": SCENE, "text": f"a kite {i}", "budget": {"imageMasks": 2000}})
        for i in range(5)
    ]
    return client, ids


def check_drained(client, ids):
    """Every request has one reply, then the stream ends."""
    answered = [message["id"] for message in client.rest() if "method" not in message]
    check(sorted(answered) == sorted(ids), f"of requests {ids} those answered are {answered}")


@case
def sigterm_drains(setting):
    """SIGTERM and SIGINT with work running: every request gets its one reply, status 0, the socket is gone."""
    longest = 0.0
    rounds = setting.amount(2, 10)
    for number in range(rounds):
        with setting.daemon() as daemon:
            busy = [busy_client(daemon) for _ in range(4)]
            time.sleep(0.3)
            start = time.monotonic()
            daemon.process.send_signal((signal.SIGTERM, signal.SIGINT)[number % 2])
            for client, ids in busy:
                check_drained(client, ids)
            check((status := daemon.wait(15)) == 0, f"status {status}: {daemon.crash()}")
            longest = max(longest, time.monotonic() - start)
            check(
                not os.path.exists(daemon.socket) and not os.path.exists(daemon.socket + ".lock"), "socket or lock stay"
            )
    return f"{rounds} times 64 requests; longest {longest:.1f} s from signal to end"


@case
def sigterm_while_clients_connect(setting):
    """SIGTERM at some moment of a storm of new connections: the end comes at once each time, with status 0."""
    generator = setting.random("storm")
    rounds = setting.amount(40, 400)
    longest, connected = 0.0, 0
    for _ in range(rounds):
        with setting.daemon("--threads", 1) as daemon:
            over = threading.Event()
            storms = [Storm(daemon.socket, over) for _ in range(4)]
            time.sleep(0.05 * generator.random())
            start = time.monotonic()
            try:
                status = daemon.terminate(15)
            finally:
                over.set()
                connected += sum(storm.stop() for storm in storms)
            check(status == 0, f"status {status}: {daemon.crash()}")
            longest = max(longest, time.monotonic() - start)
    check(longest < 4, f"one end took {longest:.1f} s, though no client left anything unread")
    return f"{rounds} times, {connected} connections; longest {longest:.1f} s from signal to end"


class Storm:
    """Connects again and again, on a thread, and keeps a few connections open."""

    def __init__(self, path, over):
        self.path = path
        self.over = over
        self.connected = 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        kept = []
        while not self.over.is_set():
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stream.setblocking(False)
            try:
                stream.connect(self.path)
            except OSError:
                stream.close()
                self.over.wait(0.001)
                continue
            self.connected += 1
            kept.append(stream)
            if len(kept) > 8:
                kept.pop(0).close()
        for stream in kept:
            stream.close()

    def stop(self):
        self.thread.join()
        return self.connected


@case
def server_stop_drains(setting):
    """server/stop: its own reply and everybody else's, then the end."""
    with setting.daemon() as daemon:
        busy = [busy_client(daemon) for _ in range(3)]
        with daemon.connect() as client:
            check("result" in client.call("server/stop"), "server/stop is not answered")
        for other, ids in busy:
            check_drained(other, ids)
        check((status := daemon.wait(15)) == 0, f"status {status}: {daemon.crash()}")
        check(not os.path.exists(daemon.socket), "the socket stays")
    return "48 requests in flight"


@case
def signal_with_a_client_that_never_reads(setting):
    """A client with unread output holds the end up for a bounded time only."""
    with setting.daemon() as daemon:
        greedy = daemon.connect()
        greedy.socket.settimeout(1)
        try:
            greedy.send(b"".join(frame(request(i, "rpc.discover")) for i in range(200)))
        except TimeoutError:
            pass
        start = time.monotonic()
        check(daemon.terminate(20) == 0, "not status 0")
        took = time.monotonic() - start
        check(took < 12, f"the end took {took:.1f} s")
    return f"{took:.1f} s from signal to end"


@case
def stale_socket_is_replaced(setting):
    """kill -9 leaves a socket and a lock file: the next daemon replaces them. A file in the place is left alone."""
    rounds = setting.amount(3, 20)
    for _ in range(rounds):
        with setting.daemon() as daemon:
            check("result" in daemon.connect().call("server/ping"), "no ping")
            daemon.kill()
        check(os.path.exists(daemon.socket), "no socket was left: nothing is tried")
    with setting.daemon() as daemon:
        mode = os.stat(daemon.socket).st_mode
        check(stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, f"the socket's mode is {stat.S_IMODE(mode):o}")
    place = setting.folder / "file.sock"
    place.write_text("precious")
    with setting.daemon(socket=place, expect_start=False) as daemon:
        check(daemon.ended and daemon.process.returncode != 0, "it serves in a file's place")
        check(place.read_text() == "precious", "the file was changed")
    return f"{rounds} kills; mode 600; a file in the socket's place is refused and kept"


@case
def second_daemon_is_refused(setting):
    """Of several daemons for one socket one serves, however close their starts."""
    with setting.daemon() as daemon:
        with setting.daemon(expect_start=False) as second:
            check(second.ended and second.process.returncode != 0, "a second daemon serves too")
        check("result" in daemon.connect().call("server/ping"), "the first no longer serves")
        check(str(daemon.pid) in daemon.log(), "the message does not name the process that serves")
    command = [setting.program, "serve", "--socket", daemon.socket, "--ready-fd", "1", "--log-level", "critical"]
    rounds = setting.amount(2, 10)
    for _ in range(rounds):
        racing = [
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(setting.folder),
            )
            for _ in range(6)
        ]
        ready = [process.stdout.readline() == b"ready\n" for process in racing]
        with connect(daemon.socket) as client:
            check("result" in client.call("server/ping"), "nobody serves")
        for process in racing:
            process.terminate()
        statuses = [process.wait(20) for process in racing]
        for process in racing:
            process.stdout.close()
        check(sum(ready) == 1, f"{sum(ready)} of 6 daemons started at once say they serve")
        check(statuses.count(0) == 1, f"statuses {statuses}")
    return f"1 refused by name; {rounds} races of 6: 1 winner each"


@case
def directories_others_can_enter_are_refused(setting):
    """A socket in a folder with open permissions, and a path too long, are errors that say so."""
    folder = setting.folder / "open"
    folder.mkdir()
    for mode in (0o755, 0o777, 0o770, 0o1777):
        folder.chmod(mode)
        with setting.daemon(socket=folder / "f.sock", expect_start=False) as daemon:
            check(daemon.ended and daemon.process.returncode != 0, f"it serves in a folder of mode {mode:o}")
    with setting.daemon(socket=setting.folder / ("x" * 120), expect_start=False) as daemon:
        check(daemon.ended and daemon.process.returncode != 0, "it serves on a path too long")
    check("107" in daemon.log() or "long" in daemon.log(), "the message does not say that the path is too long")
    made = setting.folder / "a" / "b"
    before = os.umask(0)
    try:
        with setting.daemon(socket=made / "f.sock") as daemon:
            modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (made, daemon.socket)]
    finally:
        os.umask(before)
    check(modes == [0o700, 0o600], f"modes {[oct(mode) for mode in modes]} with umask 0")
    return "4 modes and a long path refused; with umask 0 folder 700, socket 600"


@case
def other_users_are_refused(setting):
    """A process of another user that reaches the socket is told that it may not."""
    if os.geteuid() != 0:
        raise Skipped("needs root, to become another user")
    with setting.daemon() as daemon:
        os.chmod(setting.folder, 0o777)
        os.chmod(daemon.socket, 0o777)
        script = (
            "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
            'try: s.sendall(b\'{"jsonrpc":"2.0","id":1,"method":"server/ping"}\\n\')\n'
            "except BrokenPipeError: pass\nprint(s.recv(4096).decode())"
        )
        out = subprocess.run(
            ["python3", "-c", script, daemon.socket],
            capture_output=True,
            text=True,
            user=65534,
            extra_groups=[],
            cwd="/",
            timeout=30,
        )
        os.chmod(setting.folder, 0o700)
        check('"error"' in out.stdout and '"result"' not in out.stdout, f"another user got: {out.stdout} {out.stderr}")
    return out.stdout.strip()[:160]


@case
def connect_bridges_and_starts_the_daemon(setting):
    """fixlipd connect: joins standard input and output to the socket in both framings, starts the daemon where none runs, and ends
    with its input or with the daemon."""
    bridge = [setting.program, "connect", "--socket", str(setting.folder / "f.sock")]
    options = dict(capture_output=True, env=environment(setting.folder), timeout=60)
    out = subprocess.run(bridge + ["--no-spawn"], input=b"", **options)
    check(out.returncode != 0 and b"no daemon runs" in out.stderr, f"without a daemon: {out.returncode}, {out.stderr}")
    out = subprocess.run(bridge, input=frame(request(1, "server/ping")) + frame(request(2, "no/such")), **options)
    check(out.returncode == 0 and out.stdout.count(b"\n") == 2, f"with none running: {out.stdout} {out.stderr}")
    out = subprocess.run(bridge, input=frame(request(1, "embed/image", {"images": [SCENE] * 8}), HEADERS), **options)
    check(out.returncode == 0 and out.stdout.startswith(b"Content-Length: ") and b'"embeddings"' in out.stdout, HEADERS)
    waiting = subprocess.Popen(bridge, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=options["env"])
    try:
        waiting.stdin.write(frame(request(1, "server/ping")))
        waiting.stdin.flush()
        check(b"pid" in waiting.stdout.readline(), "no reply while the input goes on")
        subprocess.run([setting.program, "stop", "--socket", bridge[3]], check=True, **options)
        wait_for("the bridge ended with the daemon", lambda: waiting.poll() is not None, 20)
    finally:
        waiting.kill()
        waiting.communicate()
    return "started the daemon, 4 bridges, both framings; ended with the input and with the daemon"


@case
def idle_exit(setting):
    """--idle-exit: the daemon ends when no client has come for so long, not before, and the next client starts another."""
    with setting.daemon("--idle-exit", 1, log_level="info") as daemon:
        client = daemon.connect()
        check(client.result("server/status")["idleExitSeconds"] == 1, "the status does not tell")
        opened = client.result("explanation/open", {"image": SCENE, "text": "a kite"})["explanation"]
        client.result("explanation/refine", {"explanation": opened, "budget": {"imageMasks": 64}})
        time.sleep(2)
        check("result" in client.call("server/ping"), "it ended with a client connected")
        client.close()
        check((status := daemon.wait(15)) == 0, f"status {status}")
        check("no client for 1" in daemon.log(), "the log does not tell why it ended")
        check(not os.path.exists(daemon.socket) and not os.path.exists(daemon.socket + ".lock"), "socket or lock stay")
    command = [setting.program, "call", "server/ping", "--socket", daemon.socket]
    out = subprocess.run(command, capture_output=True, env=environment(setting.folder), timeout=60)
    check(out.returncode == 0 and b"pid" in out.stdout, f"the next command: {out.stderr}")
    bridge = subprocess.run(
        [setting.program, "connect", "--socket", daemon.socket],
        input=frame(request(1, "server/stop")),
        capture_output=True,
        env=environment(setting.folder),
        timeout=60,
    )
    check(b'"result"' in bridge.stdout, f"connect: {bridge.stderr}")
    return "stayed with a client, ended 1 s after it; a command and the bridge went on with the next daemon"


@case
def clients_come_as_the_daemon_ends(setting):
    """Clients that connect around the end for want of clients: they are served or find no daemon, and never connect in vain."""
    served = absent = 0
    generator = setting.random("idle")
    for number in range(setting.amount(8, 100)):
        with setting.daemon("--idle-exit", 0.3, "--threads", 1) as daemon:
            start = time.monotonic()
            with daemon.connect() as client:
                check("result" in client.call("server/ping"), "no ping")
            time.sleep(0.27 + 0.06 * generator.random())
            while time.monotonic() - start < 5:
                try:
                    client = connect(daemon.socket, timeout=20)
                except (FileNotFoundError, ConnectionRefusedError):
                    absent += 1
                    break
                with client:
                    check("result" in client.call("server/ping"), "connected, and not served")
                served += 1
                if generator.random() < 0.3:
                    time.sleep(0.3 * generator.random())
                if number % 2:
                    time.sleep(0.31)
            check((status := daemon.wait(15)) == 0, f"status {status}")
    return f"{served} pings answered around the end, {absent} found no daemon"


def slow_requests(daemon):
    """The lines about slow requests in the daemon's log: each method with its stages, in milliseconds."""
    found = []
    for line in daemon.log().splitlines():
        words = line.partition("slow request: ")[2].replace(",", "").replace(":", "").split()
        if words:
            found.append((words[0], dict(zip(words[3::2], map(float, words[4::2])), total=float(words[1]))))
    return found


@case
def slow_requests_are_logged(setting):
    """--slow-request-log: a line with method, time and stages for requests that take as long, and for no other."""
    with setting.daemon("--slow-request-log", 0, log_level="notice") as daemon:
        client = daemon.connect()
        client.result("embed/image", {"images": [SCENE]})
        client.result("explain", {"image": SCENE, "text": "a kite", "budget": {"imageMasks": 256}})
        client.result("server/ping")
        wait_for("three lines", lambda: daemon.log().count("slow request: ") == 3)
        lines = [line for line in daemon.log().splitlines() if "slow request: " in line]
        times = dict(slow_requests(daemon))
    check(set(times) == {"embed/image", "explain", "server/ping"}, f"{lines}")
    for stages in times.values():
        check({"queue", "decode", "encode", "estimate", "write"} <= set(stages), f"{lines}")
    check(times["embed/image"]["decode"] > 0 and times["embed/image"]["encode"] > 0, f"{lines}")
    check(times["explain"]["estimate"] > 0 and times["server/ping"]["encode"] == 0, f"{lines}")
    told = daemon.log().count("slow request: ")
    with setting.daemon("--slow-request-log", 60_000, log_level="notice") as daemon:
        daemon.connect().result("embed/image", {"images": [SCENE]})
    check(daemon.log().count("slow request: ") == told, "a quick request is logged")
    return lines[1].partition("slow request: ")[2].partition(" [")[0]


@case
def what_is_known_is_not_computed_again(setting):
    """A picture and a caption that were embedded are neither decoded nor encoded again, until the file is written."""
    picture = setting.folder / "picture.png"
    shutil.copy(SCENES[1], picture)

    pair = {"images": [SCENE], "texts": ["a kite"]}
    with setting.daemon("--slow-request-log", 0, log_level="notice") as daemon:
        client = daemon.connect()
        first, second = client.result("similarity", pair), client.result("similarity", pair)
        check(first["logits"] == second["logits"], "the second answer differs")
        client.result("similarity", pair | {"texts": ["a bus"]})
        wait_for("three lines", lambda: len(slow_requests(daemon)) == 3)
        cold, warm, caption = (stages for _, stages in slow_requests(daemon))
        check(cold["decode"] > 0 and cold["encode"] > 0, f"{cold}")
        check(warm["encode"] == 0, f"a known pair was encoded: {warm}")
        check(caption["encode"] > 0, f"a new caption was not encoded: {caption}")
        written = {"images": [str(picture)], "texts": ["a kite"]}
        before = client.result("similarity", written)["logits"]
        shutil.copy(SCENES[2], picture)
        after = client.result("similarity", written)["logits"]
        check(before != after, "a picture that was written again has its old score")
        check(after == client.result("similarity", written | {"images": [str(SCENES[2])]})["logits"], "another score")
    return f"decode {cold['decode']:.1f} ms, then {warm['decode']:.1f}"


@case
def socket_activation(setting):
    """LISTEN_FDS: a client that connected first is served; the socket outlives the daemon; wrong descriptors are errors."""
    path = str(setting.folder / "activated.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(16)
        for _ in range(2):
            early = connect(path, timeout=60)
            number = early.post("server/ping")
            with setting.daemon(inherited=listener) as daemon:
                daemon.socket = path
                check("result" in early.reply(number), "the client from before is not served")
                check(not os.path.exists(setting.folder / "f.sock"), "it listens on its own socket as well")
                check(early.result("server/status")["socket"] == str(path), "the status names another socket")
                early.close()
                check("result" in daemon.connect().call("server/ping"), "a later client is not served")
            check(os.path.exists(path), "the manager's socket was removed")
    with open(os.devnull, "rb") as null, setting.daemon(inherited=null, expect_start=False) as daemon:
        check(daemon.ended and daemon.process.returncode != 0, "it serves on a descriptor that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        with setting.daemon(inherited=deaf, expect_start=False) as daemon:
            check(daemon.ended and daemon.process.returncode != 0, "it serves on a socket that does not listen")
    return "2 daemons one after the other on one socket; /dev/null and a deaf socket refused"


@case
def standard_input_and_output(setting):
    """--stdio: only messages on standard output, the end of input ends the daemon, a closed output does too."""
    command = [setting.program, "serve", "--stdio", "--log-level", "trace"]
    data = b"".join(
        frame(message)
        for message in (
            request(1, "server/ping"),
            request(2, "embed/text", {"texts": ["a dog"]}),
            request(3, "no/such"),
            request(4, "embed/image", {"images": [SCENE]}),
        )
    )
    out = subprocess.run(command, input=data, capture_output=True, env=environment(setting.folder), timeout=60)
    with_answers = [line for line in out.stdout.split(b"\n") if line]
    check(out.returncode == 0, f"status {out.returncode}")
    check(len(with_answers) == 4 and all(line.startswith(b"{") for line in with_answers), f"{len(with_answers)} lines")
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(setting.folder),
    )
    process.stdout.close()
    process.stdin.write(data)
    process.stdin.flush()
    try:
        wait_for("the end after the output was closed", lambda: process.poll() is not None, 20)
    finally:
        process.kill()
        process.wait()
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
    for closed in (">&-", "<&-", "2>&-", "<&- >&- 2>&-"):
        # What it opens must not take the place of a descriptor that it was started without.
        out = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
            input=data,
            capture_output=True,
            env=environment(setting.folder),
            timeout=60,
        )
        check(out.returncode == 0, f"started with {closed}: status {out.returncode}, {out.stderr[-300:]}")
        answers = out.stdout.count(b'"jsonrpc"')
        check(answers == (4 if closed == "2>&-" else 0), f"started with {closed}: {answers} replies")
    return "4 requests answered, nothing else on standard output, also with standard error closed; ends where the others are closed"


@case
def standard_output_that_nobody_reads(setting):
    """--stdio with an output that is full and not read: a signal, the end of input and the time limit each end the daemon."""
    command = [setting.program, "serve", "--stdio", "--unread-timeout", "2"]
    ends = {
        "SIGTERM": lambda process: process.terminate(),
        "the end of input": lambda process: process.stdin.close(),
        "the time limit": lambda process: None,
    }
    took = {}
    for count in (1, 6, 40):
        # One reply fits into pipe and sockets, so that the server is rid of it; of more, the rest waits in the server.
        for name, end in ends.items():
            if name == "the time limit" and count < 40:
                continue
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(setting.folder),
            )
            try:
                process.stdin.write(b"".join(frame(request(i, "rpc.discover")) for i in range(count)))
                process.stdin.flush()
                wait_for("the output full", lambda: unread(process) > 60_000)
                start = time.monotonic()
                end(process)
                wait_for(f"the end after {name} with {count} replies unread", lambda: process.poll() is not None, 12)
                took[name] = max(took.get(name, 0), time.monotonic() - start)
                check(process.returncode == 0, f"{name}: status {process.returncode}")
            finally:
                process.kill()
                process.wait()
                process.stdin.close()
                process.stdout.close()
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())


@case
def standard_error_that_nobody_reads(setting):
    """A log that goes to a full pipe: requests are answered all the same, signals end the daemon, and lost lines are told of."""
    program = [setting.program, "serve", "--slow-request-log", "0"]
    pings = setting.amount(12_000, 60_000)
    for options in (["--stdio"], ["--socket", str(setting.folder / "f.sock"), "--ready-fd", "1"]):
        process = subprocess.Popen(
            program + options,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(setting.folder),
        )
        try:
            if "--stdio" in options:
                for number in range(0, pings, 100):
                    process.stdin.write(b"".join(frame(request(i, "server/ping")) for i in range(100)))
                    process.stdin.flush()
                    for _ in range(100):
                        check(process.stdout.readline(), f"{number} of {pings} pings were answered")
            else:
                process.stdout.readline()
                with connect(setting.folder / "f.sock", timeout=60) as client:
                    ping_often(client, pings)
            # The thread that writes the log holds what the pipe does not take; a mebibyte more waits, the rest is lost.
            process.terminate()
            check(process.wait(15) == 0, f"status {process.returncode}")
            log = process.stderr.read()
            check(b"slow request: server/ping" in log, "nothing was logged before the pipe was full")
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
    with setting.daemon("--slow-request-log", 0, log_level="notice", log_pipe=True) as daemon:
        client = daemon.connect()
        ping_often(client, pings)
        log = daemon.read_log(1 << 21)
        client.call("server/ping")
        log += daemon.read_log(1 << 16)
        check(b"lines of the log were lost" in log, "nobody is told that lines were lost")
    return f"{pings} pings answered over either transport; the loss is told of once there is a reader"


def ping_often(client, count):
    """Pings in hundreds, each of which is answered."""
    for number in range(0, count, 100):
        client.send(b"".join(frame(request(i, "server/ping")) for i in range(100)))
        for _ in range(100):
            message = client.receive()
            check(message and "result" in message, f"{number} of {count} pings were answered, then {message}")


@case
def socket_file_removed(setting):
    """The socket's file, then its whole folder, removed under a daemon: it puts them back, and nothing is served twice."""
    folder = setting.folder / "private"
    path = folder / "f.sock"
    with setting.daemon(socket=path) as daemon:
        client = daemon.connect()
        for what in ("file", "folder"):
            if what == "file":
                os.unlink(path)
            else:
                shutil.rmtree(folder)
            wait_for(f"the socket back after its {what} was removed", path.exists, 20)
            check("result" in daemon.connect().call("server/ping"), "a new client is not served")
            check("result" in client.call("server/ping"), "the client from before is not served")
            with setting.daemon(socket=path, expect_start=False) as second:
                check(second.ended and "serves" in second.log(), "a second daemon serves the same socket")
    check(not path.exists(), "the socket stays after the end")
    return "back both times; a second daemon is refused"


@case
def hang_up_ends_as_a_signal_to_stop_does(setting):
    """SIGHUP, which a closed terminal sends: requests get their replies and the socket goes; under nohup nothing happens."""
    with setting.daemon() as daemon:
        client, ids = busy_client(daemon)
        time.sleep(0.3)
        daemon.process.send_signal(signal.SIGHUP)
        check_drained(client, ids)
        check((status := daemon.wait(15)) == 0, f"status {status}")
        check(not os.path.exists(daemon.socket), "the socket stays")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with setting.daemon() as daemon:
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            check("result" in daemon.connect().call("server/ping"), "a daemon under nohup ended")
    finally:
        signal.signal(signal.SIGHUP, before)
    return "drained; ignored where it was ignored at the start"


def unread(process):
    """Bytes that wait in the pipe of its standard output (FIONREAD, ioctl_tty(2))."""
    return struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4)))[0]


def asked_within_limits(setting, limits):
    """Three requests on standard input of a daemon that a shell starts within `limits`; its end."""
    requests = [
        request(1, "server/ping"),
        request(2, "embed/text", {"texts": ["a kite"]}),
        request(3, "explain", {"image": SCENE, "text": "a kite", "budget": {"imageMasks": 64}}),
    ]
    return subprocess.run(
        ["sh", "-c", f'{limits}; exec "$0" serve --stdio --log-level error', setting.program],
        input=b"".join(frame(message) for message in requests),
        capture_output=True,
        env=environment(setting.folder),
        timeout=90,
    )


def check_says_or_serves(out, limits, word):
    """Either an error at the start that names what lacks, or every request has its reply; returns whether it served."""
    check(out.returncode in (0, 1), f"{limits}: status {out.returncode}, {out.stderr[-300:]}")
    if out.returncode == 1:
        check(not out.stdout and word in out.stderr and out.stderr.count(b"\n") == 1, f"{limits}: {out.stderr[-500:]}")
    else:
        check(out.stdout.count(b'"id":') == 3, f"{limits}: {out.stdout[:300]} {out.stderr[-300:]}")
    return out.returncode == 0


@case
def few_descriptors(setting):
    """However few descriptors there are: an error at the start that says so, or service."""
    served = []
    for limit in (8, 9, 10, 12, 14, 16, 18, 20, 24, 32, 40, 48, 64):
        out = asked_within_limits(setting, f"ulimit -n {limit}")
        if check_says_or_serves(out, f"{limit} descriptors", b"descriptors"):
            served.append(limit)
    check(served[-1:] == [64], f"served with {served} descriptors")
    return f"8 to 64; served with {served[0]} and more"


@case
def little_address_space(setting):
    """However little address space there is: an error at the start that says so, or every request is answered."""
    served = []
    # With less the system's loader finds no room for the libraries.
    limits = (400, 700, 1000, 1300, 1600, 1800, 2000, 2500)
    for mebibytes in limits:
        out = asked_within_limits(setting, f"ulimit -v {mebibytes << 10}")
        if check_says_or_serves(out, f"{mebibytes} MiB", b"address space"):
            served.append(mebibytes)
    check(served[-1:] == [limits[-1]], f"served with {served} MiB")
    return f"{limits[0]} to {limits[-1]} MiB; served with {served[0]} and more"


@case
def without_proc(setting):
    """Without /proc the daemon says so and ends; it would trap at some moment of its work."""
    hidden = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"']
    if subprocess.run([*hidden, "true"], capture_output=True).returncode != 0:
        raise Skipped("no namespace of mounts can be made here")
    out = subprocess.run(
        [*hidden, setting.program, "serve", "--stdio"],
        input=frame(request(1, "server/ping")),
        capture_output=True,
        env=environment(setting.folder),
        timeout=60,
    )
    check(out.returncode == 1 and b"there is no /proc" in out.stderr, f"status {out.returncode}: {out.stderr[-300:]}")
    return out.stderr.decode().strip()
