"""From matplotlib axes to SVG that may stand inside an HTML page: no prolog, no metadata, no shared ids."""

from __future__ import annotations

import io
import re
import warnings
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib.axes import Axes

from artwork_insights.report.figure_style import house_style

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT_FAMILY = re.compile(r"\s*font-family:[^;]*;?")


def draw_svg(ax: Axes, prefix: str, label: str) -> Markup:
    """Convert the figure of `ax` to an ``<svg>`` element.

    Parameters
    ----------
    prefix : str
        Put before every id, so that the ids of two figures of a page never meet.
    label : str
        What the figure shows, for readers who cannot see it.
    """
    buffer = io.BytesIO()
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("these axes belong to no figure")
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the browser has the glyph
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    root = ElementTree.fromstring(buffer.getvalue())
    _clean(root, prefix)
    size = root.attrib["viewBox"].split()
    root.attrib = {
        "class": "chart",
        "viewBox": root.attrib["viewBox"],
        "width": size[2],
        "height": size[3],
        "role": "img",
        "aria-label": label,
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # made above, text escaped by ElementTree


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _clean(element: ElementTree.Element, prefix: str) -> None:
    element.tag = _local(element.tag)
    for child in list(element):
        if _local(child.tag) in {"metadata", "style"}:
            element.remove(child)
        else:
            _clean(child, prefix)
    attributes = {_local(name): value for name, value in element.attrib.items()}
    if element.tag == "g":
        attributes.pop("id", None)
    if "id" in attributes:
        attributes["id"] = f"{prefix}-{attributes['id']}"
    if attributes.get("href", "").startswith("#"):
        attributes["href"] = f"#{prefix}-{attributes['href'][1:]}"
    for name, value in attributes.items():
        attributes[name] = _REFERENCE.sub(rf"url(#{prefix}-\1)", value)
    if element.tag == "path" and "d" in attributes:
        attributes["d"] = " ".join(attributes["d"].split())
    if element.tag == "text" and "style" in attributes:
        attributes["style"] = _FONT_FAMILY.sub("", attributes["style"])
    element.attrib = attributes
    if element.tag != "text":
        element.text = None
    element.tail = None
