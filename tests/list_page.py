"""Reads the page of a list as its markup says it: the table, the filters, the chosen ones and the links."""

from __future__ import annotations

from dataclasses import dataclass

from page_tree import Element, read_page


@dataclass
class Filter:
    """One filter: its title, and the values with names and numbers."""

    title: str
    choices: dict[str, tuple[str, int]]
    chosen: str | None


@dataclass
class ListPage:
    """What a person sees of a list. Cells by the title of their column; empty ones are left out."""

    columns: list[str]
    rows: list[dict[str, Element]]
    links: list[list[str]]
    filters: dict[str, Filter]
    orders: list[str]
    chips: list[Element]
    page: Element


def read_list(text: str) -> ListPage:
    page = read_page(text)
    tables = page.all("table", "list")
    columns = [cell.text for cell in tables[0].all("thead")[0].all("th")] if tables else []
    rows, links = [], []
    for row in tables[0].all("tbody")[0].all("tr") if tables else []:
        cells = [child for child in row.children if isinstance(child, Element)]
        assert len(cells) == len(columns)
        assert [cell.tag for cell in cells].count("th") == 1
        for column, cell in zip(columns, cells, strict=True):
            names = cell.all("span", "of")
            assert [name.text for name in names] == ([column] if cell.tag == "td" and cell.shown and names else [])
        rows.append({column: cell for column, cell in zip(columns, cells, strict=True) if cell.shown})
        links.append([link.attributes["href"] for cell in cells for link in cell.all("a")])
    filters = {}
    labels = {label.attributes["for"]: label.text for label in page.all("label")}
    orders: list[str] = []
    for select in page.all("select"):
        title, choices, chosen = labels[select.attributes["id"]], {}, None
        for option in select.all("option"):
            value = option.attributes["value"]
            chosen = value if "selected" in option.attributes else chosen
            if select.attributes["name"] == "sort":
                orders.append(value)
            elif value != "*":
                name, _, number = option.text.rpartition(" (")
                choices[value] = name, int("".join(sign for sign in number if sign.isdigit()))
        if select.attributes["name"] != "sort":
            filters[select.attributes["name"]] = Filter(title, choices, chosen)
    return ListPage(columns, rows, links, filters, orders, page.all("a", "chip"), page)
