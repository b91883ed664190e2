"""The guides: every Markdown file of ``docs/guides``, in the order that it names.

A guide begins with its title, its place among the others and a sentence for lists of guides:

    ---
    title: Webhooks
    order: 80
    summary: Events to your own systems, and how to tell that they are ours.
    ---

``index.md`` is the page /docs itself; ``webhooks.md`` is /docs/webhooks. Where a guide says
``http://127.0.0.1:8080``, a reader sees the URL of the service that is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from qsignhub.docs.markdown import Rendered, render
from qsignhub.pages.rendering import path_prefix

START = "index"
_LOCAL_URL = "http://127.0.0.1:8080"
_FENCE = "---\n"


class GuideMalformed(ValueError):
    """A guide of ours lacks what it has to begin with: found when the service starts."""


@dataclass(frozen=True, slots=True)
class Guide:
    slug: str
    title: str
    order: int
    summary: str
    body: Rendered


def guides_folder() -> Path:
    """``docs/guides`` of the checkout, or the copy inside an installed package."""
    return _folder("guides")


def policies_folder() -> Path:
    """``docs/policies``, in the same way."""
    return _folder("policies")


def _folder(name: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parents[1] / "docs" / name


@cache
def guides(base_url: str) -> Mapping[str, Guide]:
    """All guides by slug, in their order, for the service at this URL."""
    return read_guides(guides_folder(), base_url)


@cache
def policies(base_url: str) -> Mapping[str, Guide]:
    """The policies of the built-in authority, which its certificates name: /docs/policies/{slug}."""
    return read_guides(policies_folder(), base_url)


def read_guides(folder: Path, base_url: str) -> Mapping[str, Guide]:
    """Raises GuideMalformed."""
    found = [_read(path, base_url.rstrip("/")) for path in folder.glob("*.md")]
    return MappingProxyType(
        {guide.slug: guide for guide in sorted(found, key=lambda guide: (guide.order, guide.slug))}
    )


def _read(path: Path, base_url: str) -> Guide:
    head, text = _split(path)
    body = render(text.replace(_LOCAL_URL, base_url), path_prefix(base_url))
    return Guide(path.stem, head["title"], int(head["order"]), head["summary"], body)


def _split(path: Path) -> tuple[dict[str, str], str]:
    opening, head, text = [*path.read_text().split(_FENCE, 2), "", ""][:3]
    lines = [line.partition(":") for line in head.splitlines() if line.strip()]
    fields = {name.strip(): value.strip() for name, _, value in lines}
    if opening or not {"title", "order", "summary"} <= fields.keys() or not fields["order"].isdigit():
        raise GuideMalformed(f"{path}: begin with title, order (a number) and summary between two lines ---.")
    return fields, text
