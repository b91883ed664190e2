"""The countries whose national identity providers the ``eidas_idp`` method knows.

Providers are the national electronic identification means under the name that their holders know.
Levels are those of signatures that an identification there can carry: for a qualified certificate the
means must be of assurance level high (Regulation (EU) 910/2014, Articles 8 and 24). Issuers are providers
of qualified certificates for signatures that are on the country's trusted list; the list itself, at
the time of signing, decides what is qualified, and nothing here does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["QES", "AES"]


@dataclass(frozen=True, slots=True)
class Country:
    """``code`` is ISO 3166-1 alpha-2."""

    code: str
    name: str
    providers: tuple[str, ...]
    levels: tuple[Level, ...]
    issuers: tuple[str, ...]
    note: str | None = None


_BOTH: tuple[Level, ...] = ("QES", "AES")

COUNTRIES: tuple[Country, ...] = (
    Country(
        "PL",
        "Poland",
        ("Profil Zaufany", "mObywatel", "KIR"),
        ("QES",),
        ("KIR", "CERTUM", "SZAFIR"),
        "Full QES support.",
    ),
    Country(
        "DE",
        "Germany",
        ("BankID", "Bundesdruckerei"),
        ("QES",),
        ("D-Trust",),
        "QES via nPA (national ID card) and banking services.",
    ),
    Country(
        "FR",
        "France",
        ("France Identité", "La Poste"),
        _BOTH,
        ("Certigna", "CertEurope", "ChamberSign France"),
        "QES and AES via FranceConnect+.",
    ),
    Country(
        "ES",
        "Spain",
        ("DNIe", "Cl@ve"),
        _BOTH,
        ("FNMT-RCM", "Camerfirma", "Firmaprofesional", "Izenpe"),
    ),
    Country("IT", "Italy", ("SPID", "CIE"), _BOTH, ("InfoCert", "Aruba PEC", "Namirial", "Actalis")),
    Country(
        "CZ",
        "Czechia",
        ("BankID", "eObčanka", "MojeID"),
        _BOTH,
        ("První certifikační autorita", "PostSignum"),
    ),
    Country("AT", "Austria", ("ID Austria",), _BOTH, ("A-Trust", "PrimeSign")),
    Country("BE", "Belgium", ("eID card", "itsme"), _BOTH, ("Certipost", "Zetes")),
    Country("DK", "Denmark", ("MitID",), _BOTH, ("Den Danske Stat", "Penneo")),
    Country(
        "EE",
        "Estonia",
        ("ID-kaart", "Mobiil-ID", "Smart-ID"),
        _BOTH,
        ("SK ID Solutions",),
    ),
    Country("HR", "Croatia", ("eOsobna iskaznica",), _BOTH, ("Financijska agencija", "AKD")),
    Country("LT", "Lithuania", ("Asmens tapatybės kortelė",), _BOTH, ("Registrų centras",)),
    Country("LU", "Luxembourg", ("eID card", "LuxTrust"), _BOTH, ("LuxTrust",)),
    Country(
        "LV",
        "Latvia",
        ("eID karte", "eParaksts mobile"),
        _BOTH,
        ("Latvijas Valsts radio un televīzijas centrs",),
    ),
    Country("MT", "Malta", ("Maltese eID",), _BOTH, ()),
    Country("NL", "Netherlands", ("DigiD", "eHerkenning"), _BOTH, ("Digidentity", "Cleverbase")),
    Country(
        "PT",
        "Portugal",
        ("Cartão de Cidadão", "Chave Móvel Digital"),
        _BOTH,
        ("MULTICERT", "DigitalSign"),
    ),
    Country("SE", "Sweden", ("BankID", "Freja eID+"), ("AES",), ("ZealiD",)),
    Country("SI", "Slovenia", ("eOsebna izkaznica",), _BOTH, ("Halcom", "Pošta Slovenije")),
    Country("SK", "Slovakia", ("eID karta",), _BOTH, ("Disig",)),
)
"""Those of the API's documentation first, then by code."""
