"""The state folder: masks over a kill, a full disk, damaged files."""

import os
import pathlib
import subprocess

from cases import Skipped, case
from harness.daemon import SCENES, SMALL_MODEL, check, wait_for

SCENE = str(SCENES[3])
OPEN = {"image": SCENE, "text": "a kite and a bus", "seed": 7}


def values(client, budget, **other):
    """The result of a refinement of the scene, and how many masks were warm when it was opened."""
    opened = client.result("explanation/open", {**OPEN, **other})
    refined = client.result(
        "explanation/refine", {"explanation": opened["explanation"], "budget": budget, "values": {"pairs": "none"}}
    )
    client.result("explanation/close", {"explanation": opened["explanation"]})
    return refined, opened["warm"]


def agree(one, other, tolerance=1e-5):
    first, second = one["values"]["first"], other["values"]["first"]
    return all(abs(a - b) < tolerance for a, b in zip(first, second, strict=True))


@case
def warm_masks_survive_a_kill(setting):
    """kill -9 in the middle of a refinement: after a restart the masks are there and give the same values."""
    state = setting.folder / "state"
    budget = {"imageMasks": 200, "textMasks": 32}
    found = []
    for _ in range(setting.amount(2, 10)):
        with setting.daemon("--state", state) as daemon:
            client, watcher = daemon.connect(), daemon.connect()
            opened = client.result("explanation/open", OPEN)
            found.append(opened["warm"]["imageMasks"])
            client.post(
                "explanation/refine",
                {"explanation": opened["explanation"], "budget": {"imageMasks": 60_000, "textMasks": 32}},
            )
            goal = found[-1] + 250
            wait_for("masks", lambda: watcher.result("server/status")["games"]["image"]["masks"] >= goal, 120, 0.02)
            daemon.kill()
    with setting.daemon("--state", state) as daemon:
        got, warm = values(daemon.connect(), budget)
    check(warm["imageMasks"] >= 200 and warm["textMasks"] >= 1, f"after the restart only {warm} are warm")
    with setting.daemon() as daemon:
        expected, _ = values(daemon.connect(), {"imageMasks": got["imageMasks"], "textMasks": got["textMasks"]})
    check(
        agree(got, expected),
        f"{warm} warm masks give other values: {got['values']['first'][:4]}, {expected['values']['first'][:4]}",
    )
    leftover = [name for name in os.listdir(state) if not name.endswith(".game")]
    check(len(leftover) <= len(found), f"{len(leftover)} unfinished files stay in the state folder: {leftover[:3]}")
    return f"warm image masks at each start: {found + [warm['imageMasks']]}; unfinished files left: {len(leftover)}"


@case
def damaged_state_files(setting):
    """Kept games cut, emptied, flipped, exchanged: dropped with a warning, never used, never the end."""
    state = setting.folder / "state"
    budget = {"imageMasks": 64, "textMasks": 32}
    with setting.daemon("--state", state) as daemon:
        expected, _ = values(daemon.connect(), budget, model=SMALL_MODEL)
    paths = sorted(state.glob("*.game"))
    check(len(paths) == 2, f"{len(paths)} files were kept")
    originals = [path.read_bytes() for path in paths]
    generator = setting.random("state")
    damages = [
        lambda data: b"",
        lambda data: b"\n",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + b"\0" * 100,
        lambda data: data.replace(b"\n", b"", 1),
        lambda data: b"\xff" * len(data),
    ]

    def flip(data):
        place = generator.randrange(len(data))
        return data[:place] + bytes([data[place] ^ (1 << generator.randrange(8))]) + data[place + 1 :]

    damages += [flip] * setting.amount(12, 300)
    wrong = 0
    for damage in damages:
        for path, original in zip(paths, originals):
            path.write_bytes(damage(original))
        with setting.daemon("--state", state) as daemon:
            got, _ = values(daemon.connect(), budget, model=SMALL_MODEL)
        wrong += not agree(got, expected, 1e-4)
    check(wrong == 0, f"{wrong} of {len(damages)} damaged pairs of files were taken and gave other values")
    for path, original in zip(paths, reversed(originals)):
        path.write_bytes(original)
    with setting.daemon("--state", state) as daemon:
        got, _ = values(daemon.connect(), budget, model=SMALL_MODEL)
    check(agree(got, expected), "exchanged files were taken")
    return f"{len(damages)} kinds of damage and an exchange: the values stay"


@case
def state_on_a_full_disk(setting):
    """A state folder of 64 KiB: explanations go on, the log tells once, no half-written file stays; with more room, all is kept."""
    if os.geteuid() != 0:
        raise Skipped("needs root, to mount a small file system")
    state = pathlib.Path(setting.folder) / "small"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(state)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        raise Skipped(f"no file system can be mounted: {mounted.stderr.strip()}")
    try:
        with setting.daemon("--state", state) as daemon:
            client = daemon.connect()
            for index in range(3):
                result = client.result(
                    "explain", {"image": str(SCENES[index]), "text": "a kite", "budget": {"imageMasks": 200}}
                )
                check(result["imageMasks"] >= 200, f"only {result['imageMasks']} masks")
            told = daemon.log().count("a game could not be kept")
            check(told == 1, f"the log tells {told} times of games that could not be kept")
            # What fits are games as they were when they were small.
            check(
                all((state / name).stat().st_size < 64 << 10 for name in games(state)),
                "a game of 400 KiB is kept in 64 KiB",
            )
            halves = [name for name in os.listdir(state) if not name.endswith(".game")]
            check(not halves, f"half-written files stay: {halves}")
            resize(state, "4m")
            check(daemon.terminate() == 0, "SIGTERM")
            check(len(games(state)) == 4, f"{len(games(state))} games of 4 were kept at the end")
        with setting.daemon("--state", state) as daemon:
            client = daemon.connect()
            for index in range(3):
                warm = client.result("explanation/open", {"image": str(SCENES[index]), "text": "a kite"})["warm"][
                    "imageMasks"
                ]
                check(warm >= 200, f"{warm} image masks of explanation {index} are warm after a restart")
    finally:
        subprocess.run(["umount", str(state)], check=False)
    return "3 explanations done on a full disk, 1 warning, no half-written file; kept when there was room"


def games(state):
    return [name for name in os.listdir(state) if name.endswith(".game")]


def resize(state, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(state)], check=True)


@case
def leftovers_of_kills_are_removed(setting):
    """Files that were being written when a daemon was killed go with the next game that is kept; other files stay."""
    state = setting.folder / "state"
    state.mkdir()
    left, other = state / "0123.game.17.game-partial", state / "notes"
    for path in (left, other):
        path.write_bytes(b"x" * 1000)
        os.utime(path, (1e9, 1e9))
    with setting.daemon("--state", state) as daemon:
        values(daemon.connect(), {"imageMasks": 64}, model=SMALL_MODEL)
    check(games(state), "nothing is kept")
    check(not left.exists(), "the half-written file stays")
    check(other.exists(), "a file that is no game's is gone")
    return "a half-written file removed, another left alone"


@case
def state_folder_limit(setting):
    """--state-limit of 1 MiB: the games longest unused go."""
    state = setting.folder / "state"
    with setting.daemon("--state", state, "--state-limit", 1) as daemon:
        client = daemon.connect()
        for index in range(3):
            client.result(
                "explain", {"image": str(SCENES[index]), "text": f"a kite {index}", "budget": {"imageMasks": 600}}
            )
    sizes = [os.path.getsize(path) for path in state.iterdir()]
    check(sum(sizes) <= 1 << 20, f"{sum(sizes)} bytes are kept")
    check(sizes, "nothing is kept")
    return f"{len(sizes)} files, {sum(sizes) >> 10} KiB"
