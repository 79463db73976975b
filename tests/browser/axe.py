"""axe-core on the page in a window: what keeps somebody from using it."""

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# axe-core's names; WCAG 2.2 adds no rule of level A.
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ROWS_OF_A_SHAPE = 3
# Of the rows of a table that differ only in their words and numbers the first few are inspected, while the others are
# out of the page: the contrast of a thousand cells alike takes axe a quarter of a minute.
RUN = """
async ([levels, nOfAShape]) => {
  const seen = new Map();
  const alike = [...document.querySelectorAll("tbody > tr")].filter((row) => {
    const table = row.closest("table");
    const shape = row.parentNode.cloneNode().outerHTML
      + row.outerHTML.replace(/>[^<]*</g, "><").replace(/[0-9.-]+/g, "");
    const n = (seen.get(table)?.get(shape) ?? 0) + 1;
    seen.set(table, (seen.get(table) ?? new Map()).set(shape, n));
    return n > nOfAShape;
  }).filter((row) => !row.contains(document.activeElement));
  const marks = alike.map((row) => {
    const mark = document.createComment("");
    row.replaceWith(mark);
    return mark;
  });
  const options = { preload: false, runOnly: { type: "tag", values: levels }, resultTypes: ["violations"] };
  const results = await axe.run(document, options);
  marks.forEach((mark, i) => mark.replaceWith(alike[i]));
  return results.violations.map(({ id, impact, nodes }) =>
    `${id} (${impact}): ` + nodes.map((node) => `${node.target} ${node.any.map((c) => c.message)}`).join(" | "));
}
"""


def barriers(page: Page, levels: Sequence[str] = LEVELS) -> list[str]:
    """What axe finds on the page as it is; its half a megabyte of script is loaded once per page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return list(page.evaluate(RUN, [list(levels), ROWS_OF_A_SHAPE]))
