"""The guide for operators names what there is, and all of it."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from qsignhub.bootstrap import Services
from qsignhub.settings import Settings
from tests.api.serving import application, asking

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "operations.md").read_text()


async def test_every_metric_of_ours_is_in_the_guide_and_no_other(services: Services) -> None:
    async with asking(application(services)) as client:
        await client.get("/health")
        shown = (await client.get("/metrics")).text
    ours = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in text_string_to_metric_families(shown)
        if family.name.startswith("qsignhub_")
        and not family.name.endswith("_created")  # beside each counter, when it began
    }
    assert set(re.findall(r"\bqsignhub_[a-z_]+", GUIDE)) == ours


def test_every_setting_that_it_names_is_one() -> None:
    named = {name.lower() for name in re.findall(r"\bQSIGNHUB_([A-Z_]+)", GUIDE)}
    assert {"log_format", "log_level", "metrics_token"} <= named <= Settings.model_fields.keys()


async def test_the_parts_that_it_shows_are_asked(services: Services) -> None:
    shown = set(re.findall(r'^    "([^"]+)": \{', GUIDE, re.MULTILINE))
    assert shown == {"database", "mail"}
    assert shown <= services.probes.keys()
