import socket
from collections.abc import Iterator

import pytest

from generation.core.errors import InputError
from readerstudy.serving.address import Address, choose


@pytest.fixture
def taken() -> Iterator[Address]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield Address("127.0.0.1", listener.getsockname()[1])


class TestParse:
    def test_host_and_port(self) -> None:
        assert Address.parse("127.0.0.1:8000") == Address("127.0.0.1", 8000)

    def test_six_has_brackets(self) -> None:
        assert Address.parse("[::1]:8000") == Address("::1", 8000)

    @pytest.mark.parametrize(
        "text",
        [
            "8000",
            "localhost",
            "localhost:",
            "localhost:http",
            "localhost:0",
            "localhost:65536",
            "localhost:-1",
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(InputError) as refused:
            Address.parse(text)
        assert (
            str(refused.value)
            == f'The address "{text}" cannot be used; write host:port, such as 127.0.0.1:8000.'
        )


class TestUrl:
    @pytest.mark.parametrize(
        ("host", "url"),
        [
            ("127.0.0.1", "http://127.0.0.1:8000"),
            ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
            ("::1", "http://[::1]:8000"),
            ("::", "http://[::1]:8000"),
        ],
    )
    def test_is_what_a_browser_here_takes(self, host: str, url: str) -> None:
        assert Address(host, 8000).url == url

    def test_bind_of_six_has_brackets(self) -> None:
        assert Address("::1", 8000).bind == "[::1]:8000"


@pytest.mark.enable_socket
class TestChoose:
    def test_free_port_is_taken_as_it_is(self, taken: Address) -> None:
        free = choose(Address("127.0.0.1", taken.port), any_port=True)
        assert choose(free, any_port=False) == free

    def test_taken_port_is_refused(self, taken: Address) -> None:
        with pytest.raises(InputError, match=f"Another program listens on {taken.bind}"):
            choose(taken, any_port=False)

    def test_any_port_takes_the_next_free_one(self, taken: Address) -> None:
        chosen = choose(taken, any_port=True)
        assert taken.port < chosen.port <= taken.port + 100
        assert chosen.is_free
