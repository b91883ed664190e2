from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

POLISH = Words(
    code="pl",
    subject=ByKind(
        invitation="{account} prosi o podpis: {document}",
        reminder="Przypomnienie: {account} czeka na podpis: {document}",
        cancellation="Wycofano: {document} nie wymaga już podpisu",
    ),
    heading=ByKind(
        invitation="Prośba o podpisanie dokumentu",
        reminder="Przypomnienie: dokument czeka na podpis",
        cancellation="Prośba o podpis została wycofana",
    ),
    greeting="Dzień dobry, {name},",
    opening=ByKind(
        invitation="{account} prosi o elektroniczne podpisanie dokumentu.",
        reminder="{account} nadal czeka na podpis elektroniczny pod tym dokumentem.",
        cancellation="{account} wycofuje prośbę o podpisanie tego dokumentu.",
    ),
    document="Dokument",
    signature="Podpis",
    level=ByLevel(
        qes="Kwalifikowany podpis elektroniczny (QES)",
        aes="Zaawansowany podpis elektroniczny (AES)",
        ses="Zwykły podpis elektroniczny (SES)",
    ),
    open_until="Termin",
    button="Przeczytaj i podpisz",
    copy_link="Jeśli przycisk nie działa, skopiuj ten adres do przeglądarki:",
    private_link="Ten link jest przeznaczony wyłącznie dla adresata. Prosimy nie przekazywać go dalej.",
    note=ByKind(
        invitation="{account} pisze:",
        reminder="{account} pisze:",
        cancellation="Podany powód:",
    ),
    withdrawn="Nie trzeba już nic robić. Otrzymanym wcześniej linkiem nie można już niczego podpisać.",
    unexpected=(
        "Jeśli ta wiadomość jest nieoczekiwana, nie należy otwierać linku: prosimy zapytać {account} znaną"
        " już drogą. Bez udziału adresata nic nie zostanie podpisane."
    ),
    questions="W razie pytań prosimy zwrócić się do {account} znaną już drogą.",
    automatic="Wiadomość wysłano automatycznie. Odpowiedzi nie są czytane.",
    sandbox="Test, bez mocy prawnej.",
    text=ByKind(
        invitation="{account} prosi o podpisanie „{document}”: {link}",
        reminder="Przypomnienie: {account} czeka na podpis pod „{document}”: {link}",
        cancellation="{account} wycofuje „{document}”. Nie trzeba już niczego podpisywać.",
    ),
    months=(
        *("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca"),
        *("lipca", "sierpnia", "września", "października", "listopada", "grudnia"),
    ),
    moment="{day} {month} {year}, {time}",
)
