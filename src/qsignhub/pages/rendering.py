"""Templates, filled in: everything is escaped, and a text or a value that is not there is an error."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from qsignhub.pages import asset_files, texts
from qsignhub.pages.asset_files import Asset

_TEMPLATES = Path(__file__).parent / "templates"


def text(key: str, /, **values: object) -> Markup:
    """The words of a key; what is filled in is escaped unless it is markup already."""
    return Markup(escape(texts.ENGLISH[key])).format(**values)  # noqa: S704 - escaped in this very line


def has_text(key: str) -> bool:
    return key in texts.ENGLISH


def bdi(name: str) -> Markup:
    """A person's or a document's name, kept from changing the direction of the words around it."""
    return Markup("<bdi>{}</bdi>").format(name)


def grouped(value: str) -> str:
    """A hash or number in groups of four, so that it can be read aloud and compared."""
    plain = value.removeprefix("sha256:").replace(":", "")
    return " ".join(plain[index : index + 4] for index in range(0, len(plain), 4))


def path_prefix(base_url: str) -> str:
    """The path under which the service is reached, if it is not the root: it begins every link of ours."""
    return urlsplit(base_url).path.rstrip("/")


class Renderer:
    """``folders`` have templates of another room, looked up before those of the pages."""

    def __init__(self, *folders: Path) -> None:
        assets = asset_files.load()
        self.assets: dict[str, Asset] = {asset.served_as: asset for asset in assets.values()}
        self._environment = Environment(
            loader=FileSystemLoader([*folders, _TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            t=text,
            has_text=has_text,
            bdi=bdi,
            language=texts.LANGUAGE,
            assets={name: asset.served_as for name, asset in assets.items()},
        )
        self._environment.filters.update(
            day=texts.day, day_and_time=texts.day_and_time, file_size=texts.size, grouped=grouped
        )

    def page(
        self, base_url: str, template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any
    ) -> HTMLResponse:
        values["prefix"] = path_prefix(base_url)
        return HTMLResponse(self._environment.get_template(template).render(values), status)


renderer = Renderer()
"""Templates and assets are part of the program: read once, the same for all."""
