from pathlib import Path

import pytest

from generation.core.errors import InputError
from readerstudy.serving import instance


class TestHeld:
    def test_second_supervisor_is_told_where_the_first_serves(self, tmp_path: Path) -> None:
        with (
            instance.held(tmp_path, url="http://127.0.0.1:8000"),
            pytest.raises(
                InputError,
                match=r"is already served at http://127\.0\.0\.1:8000 by process \d+; stop that one first",
            ),
            instance.held(tmp_path, url="http://127.0.0.1:8001"),
        ):
            pass

    def test_is_free_again_afterwards(self, tmp_path: Path) -> None:
        for _ in range(2):
            with instance.held(tmp_path, url="http://127.0.0.1:8000"):
                pass
