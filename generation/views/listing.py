"""Lists that sort, filter, search and turn pages: the address says how, the database does it.

One `Listing` per kind of row serves the page and the JSON interface alike. A page includes `desk/list_tools.html` above
its table, `desk/list_head.html` inside it and `desk/list_pages.html` below it, each with `list` in the context.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

PER_PAGE: Final = 50
WORDS: Final = "words"
SORT: Final = "sort"
ORDER: Final = "order"
PAGE: Final = "page"
ASCENDING: Final = "asc"
DESCENDING: Final = "desc"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    order : fields it sorts by; a column without any cannot be sorted
    is_hidden : the title is for screen readers only
    in_table : otherwise it is only sorted by
    """

    name: str
    title: str
    order: tuple[str, ...] = ()
    is_number: bool = False
    is_hidden: bool = False
    in_table: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice above a table.

    Attributes
    ----------
    field : what has to be equal to the chosen value
    choices : values and titles; those that occur where none are given
    title_of : of a value that occurs
    """

    name: str
    title: str
    field: str
    choices: tuple[tuple[str, str], ...] = ()
    title_of: Callable[[str], str] = str

    def offered(self, rows: "QuerySet[Any]") -> list[tuple[str, str]]:
        """Values to choose from, with their titles."""
        if self.choices:
            return list(self.choices)
        found = rows.order_by().values_list(self.field, flat=True).distinct()
        return [
            (str(value), self.title_of(str(value)))
            for value in sorted(set(found), key=str)
            if value not in (None, "")
        ]


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of one column: its title, where pressing it leads, how it is sorted now."""

    column: Column
    query: str
    sorted: str  # a value of aria-sort; empty where another column decides


@dataclass(frozen=True, slots=True)
class Chooser:
    """One filter as a page shows it."""

    filter: Filter
    offered: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What an address asks for, as far as there is such a thing.

    Attributes
    ----------
    chosen : value of each filter by its name; empty where all are wanted
    """

    words: str
    chosen: dict[str, str]
    sort: str
    order: str

    @property
    def is_descending(self) -> bool:
        return self.order == DESCENDING


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows that were asked for, and what a page needs to ask for others."""

    page: "Page[Any]"
    headings: list[Heading]
    choosers: list[Chooser]
    has_search: bool
    words: str
    sort: str
    order: str
    asked: dict[str, str]

    @property
    def n_found(self) -> int:
        return int(self.page.paginator.count)

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or any(chooser.chosen for chooser in self.choosers))

    @property
    def is_empty(self) -> bool:
        """There is nothing at all, whatever is asked for."""
        return not self.n_found and not self.is_filtered

    @property
    def filter_query(self) -> str:
        """What was searched for and chosen, for another page about the same rows."""
        return _query({name: value for name, value in self.asked.items() if name not in (SORT, ORDER)})

    @property
    def previous_query(self) -> str:
        return _query({**self.asked, PAGE: str(self.page.number - 1)})

    @property
    def next_query(self) -> str:
        return _query({**self.asked, PAGE: str(self.page.number + 1)})


@dataclass(frozen=True, slots=True)
class Listing:
    """How one kind of row is listed.

    Attributes
    ----------
    searched : fields in which each of the words has to occur
    sort, is_descending : unless the address says otherwise
    """

    columns: tuple[Column, ...]
    sort: str
    filters: tuple[Filter, ...] = ()
    searched: tuple[str, ...] = ()
    is_descending: bool = False
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.columns if one.order})

    def read(self, asked: Mapping[str, Any], rows: "QuerySet[Any]", *, per_page: int = PER_PAGE) -> Listed:
        """Give the page of rows that an address asks for; what it asks for in vain is left out."""
        offered = {one.name: one.offered(rows) for one in self.filters}

        def find(wish: "Wish") -> "QuerySet[Any]":
            found = self._matching(rows, wish.words, wish.chosen)
            return found.order_by(*self._order(wish.sort, wish.order))

        return self.arrange(asked, offered=offered, find=find, per_page=per_page)

    def arrange(
        self,
        asked: Mapping[str, Any],
        *,
        offered: Mapping[str, list[tuple[str, str]]],
        find: "Callable[[Wish], Sequence[Any] | QuerySet[Any]]",
        per_page: int = PER_PAGE,
    ) -> Listed:
        """Give the page of what is found by a function: for rows that a database alone can neither sort nor filter.

        Parameters
        ----------
        offered : values to choose from with their titles, by the name of their filter
        """
        sort = str(asked.get(SORT) or "")
        order = str(asked.get(ORDER) or "")
        if sort not in self.by_name:
            sort, order = self.sort, DESCENDING if self.is_descending else ASCENDING
        order = DESCENDING if order == DESCENDING else ASCENDING
        words = " ".join(str(asked.get(WORDS) or "").replace("\x00", " ").split())[:200]
        choosers = [
            Chooser(one, offered[one.name], _chosen(asked.get(one.name), offered[one.name]))
            for one in self.filters
        ]
        chosen = {chooser.filter.name: chooser.chosen for chooser in choosers}
        found = find(Wish(words, chosen, sort, order))
        kept = {WORDS: words, **chosen}
        return Listed(
            page=Paginator(found, per_page).get_page(asked.get(PAGE) or 1),
            headings=[self._heading(column, kept, sort, order) for column in self.columns if column.in_table],
            choosers=choosers,
            has_search=bool(self.searched),
            words=words,
            sort=sort,
            order=order,
            asked={**kept, SORT: sort, ORDER: order},
        )

    def _matching(self, rows: "QuerySet[Any]", words: str, chosen: Mapping[str, str]) -> "QuerySet[Any]":
        for one in self.filters:
            if chosen[one.name]:
                rows = rows.filter(**{one.field: chosen[one.name]})
        for word in words.split():
            anywhere = Q()
            for name in self.searched:
                anywhere |= Q(**{f"{name}__icontains": word})
            rows = rows.filter(anywhere)
        return rows

    def _order(self, sort: str, order: str) -> list[Any]:
        """Rows without a value come last, whichever way they are sorted; the key decides between equals."""
        is_descending = order == DESCENDING
        fields = [F(name) for name in self.by_name[sort].order]
        ordered = [one.desc(nulls_last=True) if is_descending else one.asc(nulls_last=True) for one in fields]
        return [*ordered, "-pk" if is_descending else "pk"]

    def _heading(self, column: Column, kept: dict[str, str], sort: str, order: str) -> Heading:
        if column.name not in self.by_name:
            return Heading(column, "", "")
        is_sorted = column.name == sort
        turned = DESCENDING if is_sorted and order == ASCENDING else ASCENDING
        state = ("descending" if order == DESCENDING else "ascending") if is_sorted else ""
        return Heading(column, _query({**kept, SORT: column.name, ORDER: turned}), state)


def _chosen(value: Any, offered: Sequence[tuple[str, str]]) -> str:
    """The value if it can be chosen."""
    text = str(value or "")
    return text if any(text == one for one, _ in offered) else ""


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
