from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

GERMAN = Words(
    code="de",
    subject=ByKind(
        invitation="{account} bittet um Ihre Unterschrift: {document}",
        reminder="Erinnerung: {account} wartet auf Ihre Unterschrift: {document}",
        cancellation="Zurückgezogen: {document} muss nicht mehr unterschrieben werden",
    ),
    heading=ByKind(
        invitation="Sie werden um Ihre Unterschrift gebeten",
        reminder="Erinnerung: Ihre Unterschrift steht noch aus",
        cancellation="Die Signaturanfrage wurde zurückgezogen",
    ),
    greeting="Guten Tag {name},",
    opening=ByKind(
        invitation="{account} bittet Sie, ein Dokument elektronisch zu unterschreiben.",
        reminder="{account} wartet noch auf Ihre elektronische Unterschrift unter diesem Dokument.",
        cancellation="{account} hat die Bitte, dieses Dokument zu unterschreiben, zurückgezogen.",
    ),
    document="Dokument",
    signature="Signatur",
    level=ByLevel(
        qes="Qualifizierte elektronische Signatur (QES)",
        aes="Fortgeschrittene elektronische Signatur (FES)",
        ses="Einfache elektronische Signatur (EES)",
    ),
    open_until="Möglich bis",
    button="Lesen und unterschreiben",
    copy_link="Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:",
    private_link="Dieser Link ist nur für Sie bestimmt. Bitte leiten Sie diese E-Mail nicht weiter.",
    note=ByKind(
        invitation="{account} schreibt:",
        reminder="{account} schreibt:",
        cancellation="Der angegebene Grund:",
    ),
    withdrawn=(
        "Sie müssen nichts weiter tun. Mit dem Link, den Sie erhalten haben, kann nichts mehr unterschrieben"
        " werden."
    ),
    unexpected=(
        "Falls Sie diese Anfrage nicht erwarten, öffnen Sie den Link nicht: Fragen Sie bei {account} auf"
        " einem Weg nach, den Sie bereits kennen. Ohne Sie wird nichts unterschrieben."
    ),
    questions="Bei Fragen wenden Sie sich auf einem Ihnen bekannten Weg an {account}.",
    automatic="Diese E-Mail wurde automatisch versandt. Antworten werden nicht gelesen.",
    sandbox="Ein Test ohne rechtliche Wirkung.",
    text=ByKind(
        invitation="{account} bittet Sie, „{document}“ zu unterschreiben: {link}",
        reminder="Erinnerung: {account} wartet auf Ihre Unterschrift unter „{document}“: {link}",
        cancellation="{account} hat „{document}“ zurückgezogen. Es ist nichts mehr zu unterschreiben.",
    ),
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    moment="{day}. {month} {year}, {time}",
)
