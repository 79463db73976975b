"""The arithmetic of the viewer: functions of its modules, called in the browser."""

from typing import Any

import numpy as np
import pytest

from tests.browser.sitting import Sitting

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


class TestArithmetic:
    """Functions of the modules, called in the browser."""

    def call(self, sitting: Sitting, module: str, expression: str, argument: object = None) -> Any:
        return sitting.page.evaluate(
            f"async (given) => {{ const module = await import('/static/js/reading/{module}.js');"
            "const { FrameSet } = await import('/static/js/reading/frame_set.js');"
            "const frameSet = FrameSet.of(document.getElementById('viewer'));"
            f"return {expression}; }}",
            argument,
        )

    def test_quantile_is_that_of_numpy(self, sitting: Sitting) -> None:
        values = np.random.default_rng(4).integers(0, 1024, 999)
        for share in (0.0, 0.5, 0.995, 1.0):
            found = self.call(
                sitting,
                "window",
                "module.quantile(Int16Array.from(given[0]), given[1])",
                [values.tolist(), share],
            )
            assert found == pytest.approx(np.quantile(values, share))

    def test_cubic_is_1_at_its_own_pixel_and_0_at_others(self, sitting: Sitting) -> None:
        # Keys 1981, equation 15 with a = -1/2: u(0) = 1, u(1/2) = 9/16, u(3/2) = -1/16.
        found = self.call(sitting, "interpolation", "[0, 0.5, 1, 1.5, 2, 2.5].map(module.cubic)")
        assert found == pytest.approx([1, 9 / 16, 0, -1 / 16, 0, 0])

    def test_enlarging_keeps_a_slope_straight(self, sitting: Sitting) -> None:
        row = self.call(
            sitting,
            "interpolation",
            """(() => {
                const frame = Int16Array.from({ length: 4096 }, (_, i) => 10 * (i % 64));
                const seen = module.taps(256, { size: 64, scale: 4, method: "bicubic" });
                return [...module.enlarge(frame, seen, seen, new Float32Array(256 * 256)).slice(0, 256)];
            })()""",
        )
        inside = np.arange(8, 248)
        assert np.asarray(row)[inside] == pytest.approx(10 * ((inside + 0.5) / 4 - 0.5), abs=1e-3)

    def test_numbers_are_little_endian_and_of_one_length_only(self, sitting: Sitting) -> None:
        first = self.call(
            sitting,
            "patch",
            """(() => {
                const bytes = new Uint8Array(frameSet.nBytes);
                bytes.set([0x34, 0x12, 0xfe, 0xff]);
                return [...module.decode(bytes.buffer, frameSet).T2.slice(0, 2)];
            })()""",
        )
        assert first == [0x1234, -2]
        refused = self.call(
            sitting,
            "patch",
            "(() => { try { module.decode(new ArrayBuffer(6), frameSet) } catch (e) { return e.message } })()",
        )
        assert refused == "A panel has 6 bytes; it must have 57344."

    def test_later_subtractions_are_computed(self, sitting: Sitting) -> None:
        shown = sitting.patch
        found = self.call(
            sitting,
            "patch",
            """[...(await module.load(given, Object.assign(frameSet, { later: { Sub3: ["T1_post3", "T1_pre"] } }))).Sub3]""",
            f"/read/panel/{sitting.token}.bin",
        )
        assert np.array_equal(np.reshape(found, (64, 64)), shown[4] - shown[1])

    def test_axis_has_round_numbers(self, sitting: Sitting) -> None:
        found = self.call(sitting, "curve", "[870, 1023, 96, 1].map((value) => module.ticks(value))")
        assert found[0] == [0, 200, 400, 600, 800, 1000]
        assert found[1] == [0, 250, 500, 750, 1000, 1250]
        assert found[2] == [0, 20, 40, 60, 80, 100]
        assert found[3][-1] == pytest.approx(1)

    def test_the_largest_arrangement_is_chosen(self, sitting: Sitting) -> None:
        given = {"gap": 2, "caption": 28, "ratio": 1}
        sizes = {(1400, 640): (4, 5), (390, 560): (2, 3), (300, 200): (1, 3), (968, 497): (3, 5)}
        for (width, height), (zoom, n_columns) in sizes.items():
            found = self.call(
                sitting,
                "layout",
                "module.fit('seven-frames', frameSet, given)",
                {**given, "width": width, "height": height},
            )
            assert (found["zoom"], found["nColumns"]) == (zoom, n_columns), (width, height)
