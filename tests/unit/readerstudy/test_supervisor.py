import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from readerstudy.serving import children, supervisor
from readerstudy.serving.children import Child
from readerstudy.serving.supervisor import Supervisor

SLEEPS = "import time; time.sleep(60)"
IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"

IGNORES_BOTH = IGNORES_SIGTERM.replace(
    "signal.signal(", "signal.signal(signal.SIGQUIT, signal.SIG_IGN); signal.signal(", 1
)


@pytest.fixture
def make_child(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def make(code: str, name: str = "sleeper") -> Child:
        made.append(
            Child(name=name, argv=[sys.executable, "-c", code], log_path=tmp_path / "log" / f"{name}.log")
        )
        return made[-1]

    yield make
    for child in made:
        child.kill_group()


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestChild:
    def test_output_goes_to_the_log(self, make_child: Callable[..., Child]) -> None:
        child = make_child("import sys; print('out'); print('err', file=sys.stderr)")
        child.start(now=0)
        wait_for(lambda: child.death(now=0) is not None)
        assert sorted(child.log_tail().splitlines()) == ["err", "out"]

    def test_waits_longer_after_each_quick_death(self, make_child: Callable[..., Child]) -> None:
        child = make_child("pass")
        waits = []
        for now in range(8):
            child.start(now=now)
            wait_for(lambda now=now: child.death(now=now) is not None)
            waits.append(child.next_start_at - now)
        assert waits == [1, 2, 4, 8, 16, 30, 30, 30]

    def test_starts_at_once_after_a_long_life(self, make_child: Callable[..., Child]) -> None:
        child = make_child("pass")
        child.n_deaths_in_a_row = 3
        child.start(now=0)
        wait_for(lambda: child.death(now=children.STEADY_SECONDS) is not None)
        assert child.next_start_at == children.STEADY_SECONDS

    def test_large_log_is_put_aside(
        self, make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(children, "MAX_LOG_BYTES", 3)
        child = make_child("print('new')")
        child.log_path.parent.mkdir()
        child.log_path.write_text("older")
        child.start(now=0)
        wait_for(lambda: child.death(now=0) is not None)
        assert child.log_path.read_text() == "new\n"
        assert child.log_path.with_name("sleeper.log.1").read_text() == "older"


class TestSupervisor:
    def test_child_that_dies_is_started_again(
        self, make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "LOOK_EVERY_SECONDS", 0.02)
        monkeypatch.setattr(children, "FIRST_WAIT_SECONDS", 0.02)
        child, lines = make_child(SLEEPS), []
        guard = Supervisor([child], say=lines.append)
        guard.start()
        watching = threading.Thread(target=guard.watch)
        watching.start()
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: child.pid not in {None, first})
        guard.stop_asked.set()
        watching.join()
        guard.stop()
        assert "sleeper ended with status -9" in lines[1]
        assert "started sleeper again" in lines[2]
        assert lines[3] == "stopped sleeper"

    def test_stop_ends_a_child_that_ignores_sigterm(
        self, make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "WARM_SECONDS", 0.2)
        monkeypatch.setattr(supervisor, "COLD_SECONDS", 0.2)
        child, lines = make_child(IGNORES_SIGTERM), []
        guard = Supervisor([child], say=lines.append)
        guard.start()
        wait_for(lambda: "ready" in child.log_tail())
        pid = child.pid
        assert pid is not None
        guard.stop()
        assert not is_running(pid)
        assert "still busy" in lines[1]

    def test_sigterm_asks_for_a_stop(self, make_child: Callable[..., Child]) -> None:
        guard = Supervisor([make_child(SLEEPS)], say=lambda line: None)
        before = signal.getsignal(signal.SIGTERM)
        with guard.stopping_on_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            wait_for(guard.stop_asked.is_set)
        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_second_ctrl_c_waits_for_nobody(
        self, make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "WARM_SECONDS", 10_000)
        monkeypatch.setattr(supervisor, "COLD_SECONDS", 10_000)
        child = make_child(IGNORES_BOTH)
        guard = Supervisor([child], say=lambda line: None)
        guard.start()
        wait_for(lambda: "ready" in child.log_tail())
        pid = child.pid
        assert pid is not None
        with guard.stopping_on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            wait_for(guard.stop_asked.is_set)
            assert not guard.hurry_asked.is_set()
            os.kill(os.getpid(), signal.SIGINT)
            wait_for(guard.hurry_asked.is_set)
            guard.stop()
        assert not is_running(pid)

    def test_a_child_that_cannot_be_started_is_tried_again(
        self, make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "LOOK_EVERY_SECONDS", 0.02)
        monkeypatch.setattr(children, "FIRST_WAIT_SECONDS", 0.02)
        child, lines = make_child("pass"), []
        guard = Supervisor([child], say=lines.append)
        guard.start()
        wait_for(lambda: child.process is None or child.process.poll() is not None)
        log_folder = child.log_path.parent
        log_folder.rename(log_folder.with_name("elsewhere"))
        log_folder.touch()  # a file where the logs belong
        watching = threading.Thread(target=guard.watch)
        watching.start()
        wait_for(lambda: len(lines) > 3)
        assert lines[2].startswith("sleeper could not be started (File exists); trying again in ")
        log_folder.unlink()
        wait_for(lambda: "started sleeper again" in lines[-1])
        guard.stop_asked.set()
        watching.join()
        guard.stop()

    @pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
    def test_children_end_when_the_supervisor_is_killed(self, tmp_path: Path) -> None:
        code = (
            "import sys, time; from pathlib import Path; from readerstudy.serving.children import Child\n"
            f"child = Child('sleeper', [sys.executable, '-c', {SLEEPS!r}], Path({str(tmp_path / 'log')!r}))\n"
            f"child.start(now=0); Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid)); time.sleep(60)"
        )
        parent = Child(name="parent", argv=[sys.executable, "-c", code], log_path=tmp_path / "parent.log")
        parent.start(now=0)
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), seconds=30)
        pid = int((tmp_path / "pid").read_text())
        parent.kill_group()
        wait_for(lambda: not is_running(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
