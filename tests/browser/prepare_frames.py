"""Frame sets of the studies that the browser reads."""

from generation.core.frame_set import FrameSet, Subtraction

DIFFUSION = FrameSet(("ADC", "T2", "DWI"), height=96, width=80, limits=((0, 4000), (0, 1023), (0, 1023)))
SERIES = FrameSet(
    ("pre", "post_1", "post_2", "wash_out"),
    height=48,
    width=64,
    windows=("T1", "T1", "T1", "wash_out"),
    dynamic=("pre", "post_1", "post_2"),
    seconds=(0.0, 60.0, 180.0),
    subtractions=(Subtraction("wash_out", "post_2", "post_1"),),
)
LARGE = FrameSet(("A", "B", "C", "D"), height=512, width=512)
