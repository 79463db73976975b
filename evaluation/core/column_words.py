"""What the columns of an export hold, in words; their names and order come from the code that writes them."""

from collections.abc import Mapping
from typing import Final

INTRODUCTION: Final = """\
# Data dictionary

Every file that a study gives away or `analyse_trials` writes, column by column. This page is made by
`manage.py data_dictionary` from the code that writes the files, and every export holds it as data-dictionary.md and
data-dictionary.csv.

Files are UTF-8; CSV has a header and commas; a cell that a spreadsheet would run as a formula begins with an apostrophe, which
reading takes off again. Empty means unknown or not applicable, never zero. `origin` is the source of a panel: `real`, or the name of a
generator. Fractions run from 0 to 1.
"""
TRIALS_ABOUT: Final = """\
Export of a study and input of `analyse_trials`. A file made elsewhere needs only the columns marked *; further columns are
kept and do not disturb. `trials.ndjson` holds the same, one JSON object a line, with null where the CSV is empty."""
READERS_ABOUT: Final = "What readers said and showed before the first panel; no answer to a panel."
TABLE2_ABOUT: Final = """\
The newest metric runs of the study's own pools. [methods-generators.md](methods-generators.md) tells every estimator."""
STATISTICS_ABOUT: Final = """\
Every number of the report, one record each; [methods.md](methods.md) lists what `analysis` can be. What does not apply is `null`. No
value is NaN or infinite. Two records of the same `analysis`, `reader`, `group`, `origin`, `tissue` differ in `method` or `population`: the
primary panel analysis has the method `or-jackknife, random readers and random cases, Hillis df`."""
AUDIT_ABOUT: Final = """\
Readers stand under their pseudonym, people at the desk under their user name: they answer for what they did. Names and addresses
of readers are taken out wherever one was written."""

_TRIALS: Final[Mapping[str, str]] = {
    "reader": "pseudonym; names never leave the study",
    "group": "radiologist, layperson, …",
    "case": "random id of the case, the same for all readers",
    "origin": "`real` or the generator",
    "tissue": "lesion class: `benign`, `malignant`, `no_findings`",
    "phase": "`warmup` or `test`",
    "order": "position within the phase, from 1",
    "answer": "`real`, `fake`, or empty where there is none",
    "confidence": "1 (unsure) .. k (sure)",
    "rt_ms": "milliseconds from the panel's first paint to the answer, less the time hidden or out of focus",
    "role": "`first`, `repeat`, `check` (attention check) or `refresher` (warm-up panel shown again)",
    "is_timeout": "`1` where the time limit ended the trial",
    "comment": "free text of the reader",
    "hidden_ms": "time the page was hidden or out of focus",
    "n_hidden": "how often it was",
    "waited_ms": "time an answer waited for the network",
    "version": "1, or more where the reader took an answer back and gave another",
    "n_withdrawn": "answers taken back",
    "served_at": "when the panel was let out, by the server's clock; UTC, ISO 8601",
    "done_at": "when it was answered or, in the warm-up, seen, by the server's clock; UTC, ISO 8601",
    "is_after_unblinding": "`1` where the answer came after results were unblinded early; the column is there only then",
    "order_seed": "seed of the reader's order",
    "order_algorithm": "from which, with the seed, [order.md](order.md) computes the order again",
    "viewer_window": "window of the T1 frames when the answer was given",
    "viewer_level": "level of the same",
    "viewer_is_inverted": "`1` where the panel was inverted when the answer was given",
    "viewer_n_window_changes": "drags and key presses that changed the window",
    "viewer_n_inversions": "inversions",
    "viewer_n_resets": "resets of the view",
    "viewer_n_cine_plays": "times cine was started",
    "viewer_n_cine_steps": "frames shown one by one",
    "viewer_cine_ms": "time in cine",
    "viewer_cine_fps": "frames a second when the answer was given",
    "viewer_n_cursor_pixels": "places at which cross-hair and curve stood",
    "viewer_cursor_ms": "time of the cursor on a panel",
    "viewer_n_magnifications": "times the magnifier was opened",
    "viewer_magnifier_ms": "time with the magnifier",
    "viewer_n_helps": "times the help was opened",
    "viewer_zoom": "CSS pixels per pixel of the patch",
    "viewer_device_pixel_ratio": "device pixels per CSS pixel",
    "viewer_viewport_width": "width of the window, CSS pixels",
    "viewer_viewport_height": "height of the window, CSS pixels",
}
IF_MISSING: Final[Mapping[str, str]] = {
    "group": "readers have no group; nothing is said about groups",
    "phase": "all rows are of the test",
    "order": "nothing is said about learning; a case may occur once per reader",
    "confidence": "areas equal balanced accuracies, and their notes say so",
    "rt_ms": "nothing is said about times",
    "role": "the later reading of a case by the same reader is the repeat",
    "is_timeout": "no trial timed out",
    "is_after_unblinding": "no study was unblinded early",
}  # of trials.csv
_READERS: Final[Mapping[str, str]] = {
    "reader": "pseudonym",
    "group": "radiologist, layperson, …",
    "consented_at": "when the reader agreed to take part, UTC, ISO 8601",
    "instructions_left_at": "when the reader left the instructions",
    "withdrawn_at": "when the reader left the study for good; name and address are deleted",
    "expertise: …": "the answer to a question about the reader; a column for each question of the study",
    "n_display_checks": "display checks, of which the latest follows",
    "display_checked_at": "when",
    "display_is_passed": "whether all of it was right",
    "display_reasons": "what was not",
    "display_is_dark_patch_seen": "whether the patch of 5 % was found on black",
    "display_is_bright_patch_seen": "whether the patch of 95 % was found on white",
    "display_n_steps": "steps of the grey ramp",
    "display_n_steps_counted": "steps the reader counted",
    "display_ambient_light": "light in the room, as the reader said",
    "display_window_width": "CSS pixels",
    "display_window_height": "CSS pixels",
    "display_screen_width": "CSS pixels",
    "display_screen_height": "CSS pixels",
    "display_device_pixel_ratio": "device pixels per CSS pixel",
    "display_colour_depth": "bits",
}
_NOTE: Final = "who knew results before the study was closed or amended; the column is there only then"
_TABLE3: Final[Mapping[str, str]] = {
    "reader": "pseudonym",
    "origin": "`real`, a generator, or `all`",
    "n_trials": "answered first readings",
    "n_correct": "right ones",
    "fraction_correct": "their ratio",
    "ci_low": "Wilson's interval, or Clopper-Pearson's with `--interval clopper-pearson`; 95 % unless `--level` says otherwise",
    "ci_high": "its upper limit",
    "p_chance": "exact two-sided binomial test against 0.5, not adjusted",
    "note": _NOTE,
}
_STATISTICS: Final[Mapping[str, str]] = {
    "analysis": "text: what was estimated, as `d_prime`",
    "reader": "text or null: one reader; `R01 - R02` for a difference, `R01, R02` for agreement; null for all readers",
    "group": "text or null: of the reader; or the group that was analysed alone; `a - b` for a difference of groups",
    "origin": "text or null: a source, `all`, or `dcgan - wgan` for a difference; `balanced` for a comparison of groups",
    "tissue": "text or null: a lesion class, or `all`",
    "n": "integer or null: how many trials, cases, pairs or readers the number rests on",
    "estimate": "number or null: fractions from 0 to 1, differences of them from −1 to 1, times in milliseconds",
    "ci_low": "number or null: confidence interval",
    "ci_high": "number or null: its upper limit",
    "level": "number or null: its level; 0.9 for equivalence",
    "statistic": "number or null: of the test",
    "df": "number or null: degrees of freedom",
    "df2": "number or null: the denominator's of an F test",
    "p": "number or null: two-sided unless `method` says otherwise, raw",
    "method": "text: begins with the short name of the procedure: `wilson`, `newcombe`, `delong`, `or-jackknife`, …",
    "population": "text: whom it speaks for: `this reader`, `these readers`, `readers on these cases`, `readers and cases`",
    "note": "text or null: why a value is absent, the Holm-adjusted p and its family, warnings, variance components; "
    "parts are separated by `; `",
}
_CASES: Final[Mapping[str, str]] = {
    "case": "random id",
    "origin": "`real` or the generator",
    "tissue": "lesion class",
    "n_readers": "readers who answered it",
    "n_fooled": "those who were wrong",
    "fooled_rate": "their share",
    "ci_low": "Wilson's interval of the share",
    "ci_high": "its upper limit",
    "n_answered_fake": "those who called it fake",
    "mean_score": "mean of the scores 1 (surely real) .. 2k (surely fake); empty without confidence",
    "median_rt_ms": "empty without times",
    "note": _NOTE,
}
_AUDIT: Final[Mapping[str, str]] = {
    "at": "when, UTC, ISO 8601",
    "actor": "user name of somebody at the desk, or pseudonym of a reader",
    "role": "`reader`, the roles of a desk user in the study, or `account` for one without a role now",
    "verb": "what was done, for machines",
    "sentence": "the same in words",
    "data": "particulars as JSON",
}
HOLDS: Final[Mapping[str, Mapping[str, str]]] = {
    "trials": _TRIALS,
    "readers": _READERS,
    "table3": _TABLE3,
    "statistics": _STATISTICS,
    "cases": _CASES,
    "audit": _AUDIT,
}
OTHER_FILES: Final = """\
## imrmc.txt: input of the FDA's iMRMC

A first line in words, then `N0:` (reals), `N1:` (fakes), `NR:` (readers), `NM:` (generators), `BEGIN DATA:`, then one line per observation:
`reader,case,modality,value`.

| line | holds |
|---|---|
| `-1,case,0,0` or `1` | the truth of a case: 1 is synthetic |
| `reader,case,generator,score` | a score 1..2k, or 0 and 1 without confidence; reals are repeated under every generator, because each comparison uses them |

It is left out where names hold commas, semicolons or spaces, or where panels are of one kind only.

## study.json

Name, version and status; protocol and frames; pools with the SHA-256 of their patch sets; fingerprint; times; early unblinding with who,
when, why and how many responses came before and after it; `notices`, the sentences that stand on every result; and `versions`, the
chain of amendments, each with its reason and what it changed (`part`, `old`, `new`).

## manifest.json

Of an export: the study, its version and fingerprint, `notices`, when and by which version of the software it was made, when the analysis
was computed, and every file with its size and SHA-256. It is written last.

## figure-*.svg, report.html, reproduce.R, page.json

The figures are those of the report, one file each; text in them stays text. `report.html` needs no other file. `reproduce.R` computes
Table 3 and the main analyses again from `trials.csv`. `page.json` is what the study's result pages show, for the software itself.
"""
