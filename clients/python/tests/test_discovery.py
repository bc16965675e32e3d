"""Where the daemon is looked for, and what is said when there is none."""

import os
import resource
import stat

import fixlipd
import pytest
from fixlipd import discovery


def script(folder, text):
    path = folder / "daemon"
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_the_socket_is_named_by_the_environment_and_empty_variables_count_as_absent():
    assert discovery.socket_path({"FIXLIPD_SOCKET": "/a.sock", "XDG_RUNTIME_DIR": "/run"}) == "/a.sock"
    assert discovery.socket_path({"FIXLIPD_SOCKET": "", "XDG_RUNTIME_DIR": "/run"}) == "/run/fixlipd/fixlipd.sock"
    assert discovery.socket_path({"XDG_RUNTIME_DIR": ""}) == f"/tmp/fixlipd-{os.geteuid()}/fixlipd.sock"
    assert discovery.socket_path({"XDG_RUNTIME_DIR": "run"}) == f"/tmp/fixlipd-{os.geteuid()}/fixlipd.sock"


def test_the_program_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "PACKAGED_PROGRAM", "/nowhere/packaged")
    assert discovery.executable_path({"FIXLIPD": "/opt/fixlipd", "PATH": ""}) == "/opt/fixlipd"
    program = tmp_path / "fixlipd"
    program.write_text("")
    program.chmod(0o755)
    assert discovery.executable_path({"PATH": str(tmp_path)}) == str(program)
    assert discovery.executable_path({"PATH": "/nowhere"}) is None


def test_the_packaged_program_goes_before_one_on_the_path(tmp_path, monkeypatch):
    packaged, other = tmp_path / "packaged", tmp_path / "fixlipd"
    for program in (packaged, other):
        program.write_text("")
        program.chmod(0o755)
    monkeypatch.setattr(discovery, "PACKAGED_PROGRAM", str(packaged))
    assert discovery.executable_path({"PATH": str(tmp_path)}) == str(packaged)
    assert discovery.executable_path({"FIXLIPD": "/opt/fixlipd", "PATH": str(tmp_path)}) == "/opt/fixlipd"


def test_no_daemon_and_none_allowed_to_start(short_path):
    with pytest.raises(
        fixlipd.DaemonUnavailable, match=r"no daemon runs on .*none.sock; start one with 'fixlipd serve'"
    ):
        fixlipd.Client(str(short_path / "none.sock"), spawn=False).ping()


def test_no_program_to_start(short_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(discovery, "PACKAGED_PROGRAM", "/nowhere/packaged")
    monkeypatch.delenv("FIXLIPD", raising=False)
    with pytest.raises(fixlipd.DaemonUnavailable, match="not on the PATH"):
        fixlipd.Client(str(short_path / "none.sock")).ping()


def test_a_program_that_is_none(short_path):
    with pytest.raises(fixlipd.DaemonUnavailable, match="cannot start /nowhere/fixlipd: No such file"):
        fixlipd.Client(str(short_path / "none.sock"), executable="/nowhere/fixlipd").ping()


def test_a_daemon_that_ends_at_once_is_quoted(short_path):
    program = script(short_path, "echo 'error: the model is broken' >&2; exit 1")
    with pytest.raises(
        fixlipd.DaemonUnavailable, match=r"did not start: error: the model is broken .see .*none.sock.log"
    ):
        fixlipd.Client(str(short_path / "none.sock"), executable=program).ping()


def test_a_daemon_that_never_gets_ready(short_path):
    program = script(short_path, "exec sleep 5")
    with pytest.raises(fixlipd.DaemonUnavailable, match=r"not ready after 0.2 s"):
        fixlipd.Client(str(short_path / "none.sock"), executable=program, start_timeout=0.2).ping()


def test_a_process_with_thousands_of_descriptors_can_start_a_daemon(short_path):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit[1] != resource.RLIM_INFINITY and limit[1] < 1200:
        pytest.skip("the system allows too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1200, limit[1]))
    held = []
    try:
        while not held or held[-1] < 1100:
            held.append(os.open("/dev/null", os.O_RDONLY))
        program = script(short_path, "echo 'error: the model is broken' >&2; exit 1")
        with pytest.raises(fixlipd.DaemonUnavailable, match="did not start: error: the model is broken"):
            fixlipd.Client(str(short_path / "none.sock"), executable=program).ping()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_a_log_that_is_a_link_is_not_written(short_path):
    target = short_path / "target"
    target.write_text("mine")
    (short_path / "none.sock.log").symlink_to(target)
    program = script(short_path, "echo 'error: the model is broken' >&2; exit 1")
    with pytest.raises(fixlipd.DaemonUnavailable, match=r"cannot write .*none.sock.log"):
        fixlipd.Client(str(short_path / "none.sock"), executable=program).ping()
    assert target.read_text() == "mine"


def test_no_daemon_is_started_in_a_folder_that_others_can_enter(short_path):
    started = short_path / "started"
    program = script(short_path, f"touch {started}; exit 1")
    folder = short_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(fixlipd.DaemonUnavailable, match=r"others can enter .*open .mode 0755.; run: chmod 700 "):
        fixlipd.Client(str(folder / "none.sock"), executable=program).ping()
    assert not started.exists() and list(folder.iterdir()) == []


def test_no_daemon_is_started_in_another_users_folder(short_path, monkeypatch):
    program = script(short_path, "exit 1")
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(fixlipd.DaemonUnavailable, match=f"belongs to another user .uid {owner}."):
        fixlipd.Client(str(short_path / "none.sock"), executable=program).ping()


def test_a_socket_left_over_by_a_daemon_counts_as_none(make_peer):
    peer = make_peer()
    peer.close()
    assert os.path.exists(peer.path)
    with pytest.raises(fixlipd.DaemonUnavailable, match="no daemon runs"):
        fixlipd.Client(peer.path, spawn=False).ping()


def test_a_path_too_long_for_a_socket():
    with pytest.raises(fixlipd.DaemonUnavailable, match="longer than 107 bytes"):
        fixlipd.Client("/tmp/" + "x" * 120, spawn=False).ping()


def test_making_a_client_connects_to_nothing():
    assert "nowhere" in repr(fixlipd.Client("/nowhere/a.sock"))
