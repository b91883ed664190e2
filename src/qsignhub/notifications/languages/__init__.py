"""The words of messages, a language a module; who reads is known by the signer's locale."""

from __future__ import annotations

from qsignhub.notifications.languages.czech import CZECH
from qsignhub.notifications.languages.english import ENGLISH
from qsignhub.notifications.languages.french import FRENCH
from qsignhub.notifications.languages.german import GERMAN
from qsignhub.notifications.languages.italian import ITALIAN
from qsignhub.notifications.languages.polish import POLISH
from qsignhub.notifications.languages.spanish import SPANISH
from qsignhub.notifications.languages.words import Words

LANGUAGES = (ENGLISH, GERMAN, POLISH, FRENCH, SPANISH, ITALIAN, CZECH)
_BY_CODE = {words.code: words for words in LANGUAGES}


def words_for(locale: str | None) -> Words:
    """By the language of a BCP 47 locale (``de-AT``); English where it is not spoken here, or unknown."""
    return _BY_CODE.get((locale or "").partition("-")[0].lower(), ENGLISH)
