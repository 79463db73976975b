"""The methods paragraph: the procedures that were really used, with their references."""

import re
from collections.abc import Sequence
from typing import Final

from evaluation.core.proportions import IntervalMethod
from evaluation.core.records import Record

# What was done, if any record of an analysis says so; in the order of the paragraph.
_SENTENCES: Final = (
    (
        r"accuracy_vs_chance",
        "Each reader's accuracy was tested against 50 % with the exact two-sided binomial test; trials of several readers were never pooled.",
        (),
    ),
    (
        r"equivalence_to_chance",
        "Equivalence to chance was tested with two one-sided exact binomial tests; {margin}.",
        ("Schuirmann 1987, doi:10.1007/BF01068419",),
    ),
    (
        r"bayes_factor_vs_chance",
        "The Bayes factor against 50 % uses a uniform prior on the accuracy.",
        ("Jeffreys 1961, Theory of Probability, section 5.1",),
    ),
    (
        r"d_prime",
        "Sensitivity d′ and criterion c take “synthetic” as the signal, with Gourevitch and Galanter's standard errors; rates "
        "of 0 or 1 were corrected log-linearly in proportion to the mix of panels.",
        ("Gourevitch and Galanter 1967, doi:10.1007/BF02289402", "Hautus 1995, doi:10.3758/BF03203619"),
    ),
    (
        r"source_difference",
        "Generators were compared within a reader by Newcombe's hybrid score interval and the pooled z test, or Fisher's exact "
        "test where an expected count was below 5.",
        ("Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",),
    ),
    (
        r"source_odds_ratio",
        "Across lesion classes their odds were compared by Cochran, Mantel and Haenszel's test, with the homogeneity test of Breslow and Day.",
        ("Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719",),
    ),
    (
        r"reader_difference",
        "Readers were compared on the panels that both answered, by McNemar's test (exact below 25 discordant panels) with "
        "Newcombe's paired score interval, Holm-adjusted over pairs.",
        ("McNemar 1947, doi:10.1007/BF02295996", "Newcombe 1998, doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C"),
    ),
    (r"cochran_q", "Three and more readers were compared by Cochran's Q.", ("Cochran 1950, doi:10.1093/biomet/37.3-4.256",)),
    (
        r"cohen_kappa|fleiss_kappa|krippendorff_alpha",
        "Agreement is that of answers, over all panels and within each origin: Cohen's and Fleiss' κ, Krippendorff's α, PABAK and "
        "Gwet's AC1; intervals of coefficients for many readers come from a bootstrap over cases.",
        (
            "Cohen 1960, doi:10.1177/001316446002000104", "Fleiss 1971, doi:10.1037/h0031619",
            "Krippendorff 2011, Computing Krippendorff's alpha-reliability", "Gwet 2008, doi:10.1348/000711006X126600",
        ),
    ),
    (
        r"auc",
        "Areas under the empirical ROC curves, from answer and confidence, have DeLong's standard errors and logit intervals.",
        ("DeLong 1988, doi:10.2307/2531595",),
    ),
    (
        r"mrmc_.*",
        "Claims about readers and cases like these rest on the Obuchowski-Rockette analysis with Hillis' degrees of freedom; the "
        "covariances come from a jackknife over the union of cases, because generators share the real panels and have synthetic "
        "panels of their own.",
        (
            "Obuchowski and Rockette 1995, doi:10.1080/03610919508813243", "Hillis 2007, doi:10.1002/sim.2532",
            "Hillis 2014, doi:10.1002/sim.5926",
        ),
    ),
    (
        r"group_difference",
        "Groups of readers were compared on one value for each reader, by Welch's test and by the exact permutation of readers; each "
        "group of two or more readers was also analysed as a panel of its own.",
        ("Welch 1947, doi:10.1093/biomet/34.1-2.28",),
    ),
    (
        r"response_time_.*",
        "Response times run from a panel's first paint to the answer, less the time hidden or out of focus; they are summarised by "
        "medians and geometric means.",
        (),
    ),
    (
        r"learning_slope|previous_answer_effect",
        "Trends over the session and the dependence on the answer before are coefficients of logistic regressions within readers.",
        (),
    ),
)  # fmt: skip
_INTERVALS: Final = {
    "wilson": ("Wilson score intervals", "Wilson 1927, doi:10.1080/01621459.1927.10502953"),
    "clopper-pearson": ("Clopper-Pearson intervals", "Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404"),
}


def paragraph(
    records: Sequence[Record], *, method: IntervalMethod, level: float, margin: str
) -> tuple[str, tuple[str, ...]]:
    """Write the methods paragraph and its references.

    Parameters
    ----------
    method, level : of the intervals of accuracies
    margin : of the equivalence tests, in words
    """
    names, first_reference = _INTERVALS[method]
    sentences = [
        "Only answered first readings of test panels were analysed: no panel of the warm-up, no repeat and no attention check. "
        f"Fractions have {100 * level:g} % {names}."
    ]
    references = [first_reference]
    for pattern, sentence, sources in _SENTENCES:
        if any(re.fullmatch(pattern, record.analysis) for record in records):
            sentences.append(sentence.format(margin=margin))
            references.extend(sources)
    if any("holm" in (record.note or "").lower() for record in records):
        references.append("Holm 1979, Scand J Stat 6:65-70")
    return " ".join(sentences), tuple(references)
